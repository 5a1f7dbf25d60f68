/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.security.MessageDigest;

/** A value that must not reach a log, a page or an exception. Its {@link #toString} never shows it. */
public final class Secret {

    /** What is shown instead of a secret. */
    public static final String MASK = "********";

    private final String text;

    private Secret(String text) {
        this.text = text;
    }

    /**
     * Wraps a secret.
     *
     * @param text the secret, not empty
     * @return the wrapped secret
     */
    public static Secret of(String text) {
        if (requireNonNull(text, "text").isEmpty()) {
            throw new IllegalArgumentException("an empty secret");
        }
        return new Secret(text);
    }

    /**
     * The secret itself.
     *
     * @return the text as configured, without a line end
     */
    public String reveal() {
        return text;
    }

    /**
     * The octets of the secret.
     *
     * @return a fresh array of its UTF-8 octets, owned by the caller
     */
    public byte[] bytes() {
        return text.getBytes(UTF_8);
    }

    /**
     * Compares with what somebody presented, in time that does not depend on where they differ.
     *
     * @param presented the text to compare with
     * @return whether it is the secret
     */
    public boolean matches(String presented) {
        return MessageDigest.isEqual(bytes(), presented.getBytes(UTF_8));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && matches(secret.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return MASK;
    }
}
