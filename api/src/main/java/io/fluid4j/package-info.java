/** What an application may call. Needs nothing but the JDK. */
@NullMarked
package io.fluid4j;

import org.jspecify.annotations.NullMarked;
