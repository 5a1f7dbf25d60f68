/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

/** Whether somebody looks at the output. Only the launcher script can tell: the JVM has no dependable way. */
public final class Terminal {

    private static final String SEEN = System.getProperty("io.fluid4j.terminal", "");

    private Terminal() {}

    /**
     * Whether standard output is a terminal.
     *
     * @return false when unknown
     */
    public static boolean out() {
        return SEEN.contains("out");
    }

    /**
     * Whether standard error is a terminal.
     *
     * @return false when unknown
     */
    public static boolean err() {
        return SEEN.contains("err");
    }
}
