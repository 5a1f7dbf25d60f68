/** Sessions and streams on a tunnel: flow control, keep-alive, drain, handshake, TLS. The same code at both ends. */
@NullMarked
package io.fluid4j.tunnel;

import org.jspecify.annotations.NullMarked;
