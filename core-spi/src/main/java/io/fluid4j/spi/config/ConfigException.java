/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import java.util.List;

/** A configuration that cannot be used. Its message lists every problem; no secret is in it. */
public final class ConfigException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The problems, each a sentence that names key, value, origin and what is expected. */
    private final List<String> problems;

    ConfigException(List<String> problems) {
        super(message(problems));
        this.problems = List.copyOf(problems);
    }

    private static String message(List<String> problems) {
        String head = problems.size() == 1
                ? "The configuration has a problem:"
                : "The configuration has " + problems.size() + " problems:";
        return head + "\n  - " + String.join("\n  - ", problems);
    }

    /**
     * Everything that is wrong.
     *
     * @return one sentence for each problem, at least one
     */
    public List<String> problems() {
        return problems;
    }
}
