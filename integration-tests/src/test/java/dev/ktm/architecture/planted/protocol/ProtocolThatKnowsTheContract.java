package dev.ktm.architecture.planted.protocol;

import dev.ktm.architecture.planted.rm.ContractThatKnowsTheProtocol;

/** Planted. */
public record ProtocolThatKnowsTheContract(ContractThatKnowsTheProtocol contract) {}
