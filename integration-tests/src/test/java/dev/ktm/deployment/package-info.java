/**
 * The main job: releases are deployed, each one transaction over two databases, a queue, files and the registry, by a process that is killed again and
 * again. {@link dev.ktm.deployment.Deployment} is where to start.
 */
package dev.ktm.deployment;
