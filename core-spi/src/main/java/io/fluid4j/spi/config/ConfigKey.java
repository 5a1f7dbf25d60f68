/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One key of the configuration: its name, its type and what people need to know about it. Made by {@link KeyFamily}.
 *
 * <p>A name with upper-case segments, such as {@code fluid.route.NAME.function}, stands for many keys;
 * {@link #named} makes one of them.
 *
 * @param <T> the type of its value
 */
public final class ConfigKey<T> {

    /** The suffix of the key that names a file holding the value of a secret. */
    public static final String FILE_SUFFIX = "-file";

    private final String name;
    private final ValueType<T> type;
    private final @Nullable T defaultValue;
    private final String defaultText;
    private final Set<Role> roles;
    private final String doc;
    private final String since;
    private final boolean secret;
    private final boolean reloadable;
    private final boolean required;
    private final boolean reserved;
    private final Pattern pattern;

    ConfigKey(KeyFamily.Draft<T> draft, String doc) {
        this.name = draft.name;
        this.type = draft.type;
        this.defaultText = draft.shownDefault != null ? draft.shownDefault : draft.written();
        this.defaultValue = draft.written().isEmpty() ? null : draft.type.parse(draft.written());
        this.roles = draft.roles;
        this.doc = doc;
        this.since = draft.since;
        this.secret = draft.secret;
        this.reloadable = draft.reloadable;
        this.required = draft.required;
        this.reserved = draft.reserved;
        this.pattern = compile(name);
    }

    private ConfigKey(ConfigKey<T> template, String name) {
        this.name = name;
        this.type = template.type;
        this.defaultValue = template.defaultValue;
        this.defaultText = template.defaultText;
        this.roles = template.roles;
        this.doc = template.doc;
        this.since = template.since;
        this.secret = template.secret;
        this.reloadable = template.reloadable;
        this.required = template.required;
        this.reserved = template.reserved;
        this.pattern = compile(name);
    }

    /**
     * The name as it is written in a file.
     *
     * @return for example {@code fluid.router.urls}
     */
    public String name() {
        return name;
    }

    /**
     * The name of the environment variable.
     *
     * @return the name in upper case, every dot and dash an underscore
     */
    public String environmentName() {
        return name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    /**
     * The type of its value.
     *
     * @return the type
     */
    public ValueType<T> type() {
        return type;
    }

    /**
     * The value when nobody sets it.
     *
     * @return the default; empty when there is none
     */
    public Optional<T> defaultValue() {
        return Optional.ofNullable(defaultValue);
    }

    /**
     * The default as people read it.
     *
     * @return its text, which may explain how it is derived; empty when there is none
     */
    public String defaultText() {
        return defaultText;
    }

    /**
     * Who reads the key.
     *
     * @return the roles, at least one
     */
    public Set<Role> roles() {
        return roles;
    }

    /**
     * What it means.
     *
     * @return one or a few sentences of Markdown
     */
    public String doc() {
        return doc;
    }

    /**
     * The first version that knows the key.
     *
     * @return a version
     */
    public String since() {
        return since;
    }

    /**
     * Whether its value is never shown. Such a key also exists with {@link #FILE_SUFFIX}.
     *
     * @return whether it is a secret
     */
    public boolean secret() {
        return secret;
    }

    /**
     * Whether a new value is taken without a restart.
     *
     * @return whether it is reloadable
     */
    public boolean reloadable() {
        return reloadable;
    }

    /**
     * Whether a process of one of its roles refuses to start without it.
     *
     * @return whether it is required
     */
    public boolean required() {
        return required;
    }

    /**
     * Whether nothing reads the key in this version.
     *
     * @return whether it is reserved for a later one
     */
    public boolean reserved() {
        return reserved;
    }

    /**
     * Whether the name stands for many keys.
     *
     * @return whether it has upper-case segments
     */
    public boolean template() {
        return hasVariables(name);
    }

    /**
     * One of the keys that a template stands for.
     *
     * @param values one value for each upper-case segment, in order
     * @return the key of that name
     */
    public ConfigKey<T> named(String... values) {
        List<String> left = new ArrayList<>(List.of(values));
        StringBuilder concrete = new StringBuilder();
        for (String segment : name.split("\\.", -1)) {
            if (concrete.length() > 0) {
                concrete.append('.');
            }
            concrete.append(!isVariable(segment) ? segment : left.isEmpty() ? "" : left.remove(0));
        }
        if (!left.isEmpty() || !matches(concrete.toString())) {
            throw new IllegalArgumentException(
                    "values " + List.of(values) + " (expected: one name for each upper-case segment of " + name + ")");
        }
        return new ConfigKey<>(this, concrete.toString());
    }

    /** The name with its upper-case segments taken from a misspelt one, so that only the spelling differs. */
    String likened(String candidate) {
        String[] given = candidate.split("\\.", -1);
        String[] segments = name.split("\\.", -1);
        for (int i = 0; i < segments.length && i < given.length; i++) {
            segments[i] = isVariable(segments[i]) ? given[i] : segments[i];
        }
        return String.join(".", segments);
    }

    boolean matches(String candidate) {
        return pattern.matcher(candidate).matches();
    }

    /** The name a variable of the environment stands for, or null when it is none of this key's. */
    @Nullable
    String nameOfVariable(String variable) {
        if (!template()) {
            boolean same = variable.equals(environmentName())
                    || variable.equals(
                            name.toUpperCase(Locale.ROOT).replace("-", "").replace('.', '_'));
            return same ? name : null;
        }
        StringBuilder regex = new StringBuilder();
        for (String segment : name.split("\\.", -1)) {
            String word = segment.replace('-', '_').toUpperCase(Locale.ROOT);
            regex.append(regex.length() == 0 ? "" : "_").append(isVariable(segment) ? "([A-Z0-9_]+?)" : word);
        }
        Matcher matcher = Pattern.compile(regex.toString()).matcher(variable);
        if (!matcher.matches()) {
            return null;
        }
        String[] values = new String[matcher.groupCount()];
        for (int i = 0; i < values.length; i++) {
            values[i] = requireNonNull(matcher.group(i + 1))
                    .toLowerCase(Locale.ROOT)
                    .replace('_', '-');
        }
        return named(values).name;
    }

    /** A segment that stands for many names is written in upper case. */
    private static boolean isVariable(String segment) {
        return !segment.isEmpty()
                && segment.equals(segment.toUpperCase(Locale.ROOT))
                && Character.isLetter(segment.charAt(0));
    }

    private static boolean hasVariables(String name) {
        for (String segment : name.split("\\.", -1)) {
            if (isVariable(segment)) {
                return true;
            }
        }
        return false;
    }

    private static Pattern compile(String name) {
        StringBuilder regex = new StringBuilder();
        String[] segments = name.split("\\.", -1);
        for (int i = 0; i < segments.length; i++) {
            regex.append(i == 0 ? "" : "\\.");
            if (!isVariable(segments[i])) {
                regex.append(Pattern.quote(segments[i]));
            } else {
                // Only a last segment may hold dots: there nothing can follow it.
                regex.append(i == segments.length - 1 ? "[A-Za-z0-9][A-Za-z0-9._-]*" : "[A-Za-z0-9][A-Za-z0-9_-]*");
            }
        }
        return Pattern.compile(regex.toString());
    }

    @Override
    public String toString() {
        return name;
    }
}
