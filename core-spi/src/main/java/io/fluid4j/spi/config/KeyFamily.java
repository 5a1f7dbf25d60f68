/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes keys and remembers them in the order they were made. A class of keys holds one family in its first constant.
 *
 * <p>Not thread-safe: a family is filled by the initialiser of one class, and only read afterwards.
 */
public final class KeyFamily {

    private final Set<Role> roles;
    private final List<ConfigKey<?>> keys = new ArrayList<>();

    private KeyFamily(Set<Role> roles) {
        this.roles = roles;
    }

    /**
     * A family of keys that these roles read.
     *
     * @param roles the roles, at least one
     * @return an empty family
     */
    public static KeyFamily of(Role... roles) {
        if (roles.length == 0) {
            throw new IllegalArgumentException("no role");
        }
        return new KeyFamily(Set.of(roles));
    }

    /**
     * The keys made so far, in that order.
     *
     * @return a copy
     */
    public List<ConfigKey<?>> keys() {
        return List.copyOf(keys);
    }

    /**
     * A time.
     *
     * @param name the key
     * @param byDefault the default, or null for none
     * @param min the smallest value
     * @param max the largest value
     * @return a draft to finish with {@link Draft#doc}
     */
    public Draft<Duration> duration(String name, @Nullable String byDefault, String min, String max) {
        return draft(
                name, ValueTypes.duration(ValueTypes.parseDuration(min), ValueTypes.parseDuration(max)), byDefault);
    }

    /**
     * A time that may be {@code off}.
     *
     * @param name the key
     * @param byDefault the default
     * @param min the smallest value
     * @param max the largest value
     * @return a draft
     */
    public Draft<Optional<Duration>> durationOrOff(String name, String byDefault, String min, String max) {
        return draft(
                name,
                ValueTypes.durationOrOff(ValueTypes.parseDuration(min), ValueTypes.parseDuration(max)),
                byDefault);
    }

    /**
     * A number of bytes.
     *
     * @param name the key
     * @param byDefault the default, or null for none
     * @param min the smallest value
     * @param max the largest value
     * @return a draft
     */
    public Draft<Long> size(String name, @Nullable String byDefault, String min, String max) {
        return draft(name, ValueTypes.size(ValueTypes.parseSize(min), ValueTypes.parseSize(max)), byDefault);
    }

    /**
     * A number of bytes that may be {@code off}.
     *
     * @param name the key
     * @param byDefault the default
     * @param min the smallest value
     * @param max the largest value
     * @return a draft
     */
    public Draft<OptionalLong> sizeOrOff(String name, String byDefault, String min, String max) {
        return draft(name, ValueTypes.sizeOrOff(ValueTypes.parseSize(min), ValueTypes.parseSize(max)), byDefault);
    }

    /**
     * A whole number.
     *
     * @param name the key
     * @param byDefault the default
     * @param min the smallest value
     * @param max the largest value
     * @return a draft
     */
    public Draft<Integer> integer(String name, int byDefault, int min, int max) {
        return draft(name, ValueTypes.integer(min, max), Integer.toString(byDefault));
    }

    /**
     * A whole number without a default.
     *
     * @param name the key
     * @param min the smallest value
     * @param max the largest value
     * @return a draft
     */
    public Draft<Integer> integer(String name, int min, int max) {
        return draft(name, ValueTypes.integer(min, max), null);
    }

    /**
     * A whole number that may be {@code off}.
     *
     * @param name the key
     * @param byDefault the default
     * @param min the smallest value
     * @param max the largest value
     * @return a draft
     */
    public Draft<OptionalInt> integerOrOff(String name, String byDefault, int min, int max) {
        return draft(name, ValueTypes.integerOrOff(min, max), byDefault);
    }

    /**
     * A TCP or UDP port; 0 takes any free one.
     *
     * @param name the key
     * @param byDefault the default
     * @return a draft
     */
    public Draft<Integer> port(String name, int byDefault) {
        return integer(name, byDefault, 0, 65_535);
    }

    /**
     * A TCP or UDP port that may be {@code off}; 0 takes any free one.
     *
     * @param name the key
     * @param byDefault the default
     * @return a draft
     */
    public Draft<OptionalInt> portOrOff(String name, String byDefault) {
        return integerOrOff(name, byDefault, 0, 65_535);
    }

    /**
     * A share.
     *
     * @param name the key
     * @param byDefault the default
     * @param min the smallest value
     * @param max the largest value
     * @return a draft
     */
    public Draft<Double> ratio(String name, String byDefault, double min, double max) {
        return draft(name, ValueTypes.ratio(min, max), byDefault);
    }

    /**
     * A share that may be {@code off}.
     *
     * @param name the key
     * @param byDefault the default
     * @param min the smallest value
     * @param max the largest value
     * @return a draft
     */
    public Draft<OptionalDouble> ratioOrOff(String name, String byDefault, double min, double max) {
        return draft(name, ValueTypes.ratioOrOff(min, max), byDefault);
    }

    /**
     * Yes or no.
     *
     * @param name the key
     * @param byDefault the default
     * @return a draft
     */
    public Draft<Boolean> bool(String name, boolean byDefault) {
        return draft(name, ValueTypes.bool(), Boolean.toString(byDefault));
    }

    /**
     * A text.
     *
     * @param name the key
     * @param byDefault the default, or null for none
     * @param allowed a regular expression that the whole value matches
     * @param range what that means, for people
     * @return a draft
     */
    public Draft<String> text(String name, @Nullable String byDefault, String allowed, String range) {
        return draft(name, ValueTypes.string(Pattern.compile(allowed), range), byDefault);
    }

    /**
     * One word of a closed set, written in lower case with dashes.
     *
     * @param name the key
     * @param byDefault the default
     * @param words the set
     * @param <E> its type
     * @return a draft
     */
    public <E extends Enum<E>> Draft<E> word(String name, E byDefault, Class<E> words) {
        ValueType<E> type = ValueTypes.oneOf(words);
        return draft(name, type, type.format(byDefault));
    }

    /**
     * A file or folder.
     *
     * @param name the key
     * @param byDefault the default, or null for none
     * @param range what it must be
     * @return a draft
     */
    public Draft<Path> path(String name, @Nullable String byDefault, String range) {
        return draft(name, ValueTypes.path(range), byDefault);
    }

    /**
     * One address with a port.
     *
     * @param name the key
     * @param schemes the schemes it may have
     * @return a draft
     */
    public Draft<URI> address(String name, Set<String> schemes) {
        return draft(name, ValueTypes.uri(schemes), null);
    }

    /**
     * Addresses with ports, separated by commas.
     *
     * @param name the key
     * @param schemes the schemes they may have
     * @return a draft
     */
    public Draft<List<URI>> addresses(String name, Set<String> schemes) {
        return draft(name, ValueTypes.listOf(ValueTypes.uri(schemes), 64), null);
    }

    /**
     * Addresses or networks, separated by commas.
     *
     * @param name the key
     * @return a draft
     */
    public Draft<List<AddressRange>> addressRanges(String name) {
        return draft(name, ValueTypes.listOf(ValueTypes.addressRange(), 1_000), null);
    }

    /**
     * Words, separated by commas.
     *
     * @param name the key
     * @param byDefault the default, or null for none
     * @param allowed a regular expression that each word matches
     * @param range what that means, for people
     * @return a draft
     */
    public Draft<List<String>> texts(String name, @Nullable String byDefault, String allowed, String range) {
        return draft(name, ValueTypes.listOf(ValueTypes.string(Pattern.compile(allowed), range), 1_000), byDefault);
    }

    /**
     * A secret. Its companion key, with {@link ConfigKey#FILE_SUFFIX}, names a file that holds it.
     *
     * @param name the key
     * @return a draft
     */
    public Draft<Secret> secret(String name) {
        Draft<Secret> draft = draft(name, ValueTypes.secret(), null);
        draft.secret = true;
        return draft;
    }

    /**
     * A value of a type of one's own.
     *
     * @param name the key
     * @param type the type
     * @param byDefault the default, or null for none
     * @param <T> its Java type
     * @return a draft
     */
    public <T> Draft<T> draft(String name, ValueType<T> type, @Nullable String byDefault) {
        return new Draft<>(this, requireNonNull(name, "name"), requireNonNull(type, "type"), byDefault);
    }

    /**
     * A key while it is described.
     *
     * @param <T> the type of its value
     */
    public static final class Draft<T> {
        final String name;
        final ValueType<T> type;
        Set<Role> roles;

        @Nullable
        String shownDefault;

        String since = "0.1.0";
        boolean secret;
        boolean reloadable;
        boolean required;
        boolean reserved;

        private final KeyFamily family;
        private final @Nullable String byDefault;

        private Draft(KeyFamily family, String name, ValueType<T> type, @Nullable String byDefault) {
            this.family = family;
            this.name = name;
            this.type = type;
            this.byDefault = byDefault;
            this.roles = family.roles;
        }

        String written() {
            return byDefault == null ? "" : byDefault;
        }

        /**
         * A new value is taken without a restart.
         *
         * @return this
         */
        public Draft<T> reloadable() {
            this.reloadable = true;
            return this;
        }

        /**
         * A process of the key's roles refuses to start without it.
         *
         * @return this
         */
        public Draft<T> required() {
            this.required = true;
            return this;
        }

        /**
         * The key is accepted and checked, and nothing reads it yet; setting it is warned about.
         *
         * @return this
         */
        public Draft<T> reserved() {
            this.reserved = true;
            return this;
        }

        /**
         * Other roles than the family's.
         *
         * @param readers who reads it
         * @return this
         */
        public Draft<T> roles(Role... readers) {
            this.roles = Set.of(readers);
            return this;
        }

        /**
         * What documentation says instead of the default, when that is derived.
         *
         * @param text the text
         * @return this
         */
        public Draft<T> shownDefault(String text) {
            this.shownDefault = text;
            return this;
        }

        /**
         * The first version that knows the key.
         *
         * @param version a version
         * @return this
         */
        public Draft<T> since(String version) {
            this.since = version;
            return this;
        }

        /**
         * Finishes the key.
         *
         * @param text what it means, one or a few sentences of Markdown
         * @return the key, which the family now holds
         */
        public ConfigKey<T> doc(String text) {
            ConfigKey<T> key = new ConfigKey<>(this, text);
            family.keys.add(key);
            if (secret) {
                Draft<Path> companion =
                        family.path(name + ConfigKey.FILE_SUFFIX, null, "a readable file that holds nothing else");
                companion.roles = roles;
                companion.since = since;
                companion.reloadable = reloadable;
                companion.reserved = reserved;
                companion.doc("A file that holds `" + name + "`. A line end at its end does not count.");
            }
            return key;
        }
    }
}
