/** Servlet containers that have names for a coordinator, and nothing else to do with transactions: Tomcat and Jetty. */
@NullMarked
package dev.ktm.web;

import org.jspecify.annotations.NullMarked;
