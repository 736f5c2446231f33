package dev.ktm.architecture.planted.rm;

import dev.ktm.architecture.planted.protocol.ProtocolThatKnowsTheContract;

/** Planted. */
public record ContractThatKnowsTheProtocol(ProtocolThatKnowsTheContract protocol) {}
