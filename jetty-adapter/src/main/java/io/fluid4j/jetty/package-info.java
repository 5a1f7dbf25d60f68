/** A Jetty {@code Connector} fed by tunnels. */
@NullMarked
package io.fluid4j.jetty;

import org.jspecify.annotations.NullMarked;
