/** Record stores, and the DNS and HTTP faces of the resolver. */
@NullMarked
package io.fluid4j.resolver.server;

import org.jspecify.annotations.NullMarked;
