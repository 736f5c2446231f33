package dev.ktm.architecture.planted.mystery;

record Stray() {}
