/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.util.Objects.requireNonNull;

/**
 * Where a value came from.
 *
 * @param source the kind of source
 * @param place the name of the variable or property, the file and line; empty for a default
 */
public record Origin(Source source, String place) {

    /** The kinds of sources, the one that wins first. */
    public enum Source {
        /** Code, or an attribute of an XML file. */
        EXPLICIT("explicit"),
        /** A system property of the JVM. */
        SYSTEM_PROPERTY("system property"),
        /** A variable of the environment. */
        ENVIRONMENT("environment"),
        /** The configuration file. */
        FILE("file"),
        /** Nobody set it. */
        DEFAULT("default");

        private final String words;

        Source(String words) {
            this.words = words;
        }

        /**
         * The source as people read it.
         *
         * @return a word or two
         */
        public String words() {
            return words;
        }
    }

    static final Origin BY_DEFAULT = new Origin(Source.DEFAULT, "");

    /**
     * Checks its parts.
     *
     * @param source the kind of source
     * @param place where in it
     */
    public Origin {
        requireNonNull(source, "source");
        requireNonNull(place, "place");
    }

    @Override
    public String toString() {
        return place.isEmpty() ? source.words() : source.words() + " " + place;
    }
}
