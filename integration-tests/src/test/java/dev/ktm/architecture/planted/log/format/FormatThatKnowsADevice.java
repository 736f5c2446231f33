package dev.ktm.architecture.planted.log.format;

import dev.ktm.architecture.planted.log.storage.DeviceThatKnowsTheLog;

record FormatThatKnowsADevice(DeviceThatKnowsTheLog device) {}
