/** JMH micro-benchmarks and whole-system runs. */
@NullMarked
package io.fluid4j.benchmarks;

import org.jspecify.annotations.NullMarked;
