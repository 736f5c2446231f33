package dev.ktm.architecture.planted.log.tool;

import java.io.RandomAccessFile;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;

/** Planted. */
public record ToolThatOpensFiles(FileChannel one, AsynchronousFileChannel two, RandomAccessFile three) {}
