/** The resolver provider that answers from a local replica. */
@NullMarked
package io.fluid4j.resolver.client;

import org.jspecify.annotations.NullMarked;
