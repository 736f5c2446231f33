/** A database without XA among others, over real databases. */
package dev.ktm.lastresource;
