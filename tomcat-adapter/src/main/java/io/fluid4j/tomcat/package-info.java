/** A Coyote {@code ProtocolHandler} fed by tunnels. */
@NullMarked
package io.fluid4j.tomcat;

import org.jspecify.annotations.NullMarked;
