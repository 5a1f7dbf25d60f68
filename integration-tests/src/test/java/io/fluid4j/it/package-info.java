/** What only a module that sees all others can test: the layering, and the battery on real servers. */
@NullMarked
package io.fluid4j.it;

import org.jspecify.annotations.NullMarked;
