/** Scripted wire peer, frame trace, manual clock, and contract suites for SPI implementors. */
@NullMarked
package io.fluid4j.testkit;

import org.jspecify.annotations.NullMarked;
