/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of one process: every key with its value and where that came from. Immutable.
 *
 * <p>An explicit value wins over a system property, that over the environment, that over the file, that over the
 * default. Nothing is read again after {@link ConfigBuilder#build}; {@link #reloaded} makes another one.
 */
public final class Config {

    /**
     * One line of an explanation.
     *
     * @param name the key
     * @param value its value, {@link Secret#MASK} when it is a secret, empty when it has none
     * @param origin where the value came from
     * @param key what is known about the key
     */
    public record Entry(String name, String value, Origin origin, ConfigKey<?> key) {}

    /** The text that won, what it means, and where it came from. */
    record Value(String text, Object parsed, Origin origin) {}

    private final Role role;
    private final KeyCatalog catalog;
    private final Map<String, Value> values;
    private final List<String> warnings;
    private final List<String> problems;
    private final @Nullable Path file;
    private final ConfigBuilder source;

    /** Problems that are found later, by rules over this very configuration, are added to the given list. */
    Config(
            ConfigBuilder source,
            KeyCatalog catalog,
            Map<String, Value> values,
            List<String> warnings,
            List<String> problems) {
        this.source = source;
        this.role = source.role();
        this.catalog = catalog;
        this.values = Collections.unmodifiableMap(new TreeMap<>(values));
        this.warnings = List.copyOf(warnings);
        this.problems = problems;
        this.file = source.fileRead();
    }

    /**
     * Begins a configuration.
     *
     * @return a builder that reads the system properties, the environment and the default file unless told otherwise
     */
    public static ConfigBuilder builder() {
        return new ConfigBuilder();
    }

    /**
     * The names of all keys that may be set, those of providers included. For places where names are spelt otherwise,
     * such as attributes of an XML file.
     *
     * @return the names, without those that stand for many ({@code fluid.route.NAME.path})
     */
    public static List<String> knownNames() {
        return KeyCatalog.of(List.of()).keys().stream()
                .filter(key -> !key.template())
                .<String>map(ConfigKey::name)
                .toList();
    }

    /**
     * The role the process has.
     *
     * @return the role
     */
    public Role role() {
        return role;
    }

    /**
     * The file that was read.
     *
     * @return its path; empty when there was none
     */
    public Optional<Path> file() {
        return Optional.ofNullable(file);
    }

    /**
     * The value of a key that is required or has a default.
     *
     * @param key the key
     * @param <T> the type of its value
     * @return the value
     * @throws NoSuchElementException when the key has neither a value nor a default
     */
    public <T> T get(ConfigKey<T> key) {
        return find(key).orElseThrow(() -> new NoSuchElementException(key.name() + " has no value"));
    }

    /**
     * The value of a key.
     *
     * @param key the key
     * @param <T> the type of its value
     * @return the value or its default; empty when there is neither
     */
    public <T> Optional<T> find(ConfigKey<T> key) {
        Value value = values.get(requireNonNull(key, "key").name());
        if (value == null) {
            return key.defaultValue();
        }
        @SuppressWarnings("unchecked") // Parsed by the type of the key that has this name.
        T parsed = (T) value.parsed();
        return Optional.of(parsed);
    }

    /**
     * Where the value of a key came from.
     *
     * @param key the key
     * @return its origin
     */
    public Origin origin(ConfigKey<?> key) {
        Value value = values.get(key.name());
        return value == null ? Origin.BY_DEFAULT : value.origin();
    }

    /**
     * The keys that were set below a prefix, by the segment after it: {@code group("fluid.route")} has one entry for
     * each route, which holds the rest of each name and its text. Read a typed value with {@link ConfigKey#named}.
     *
     * @param prefix the prefix, without a dot at its end
     * @return names in order, each with its keys in order; secrets are masked
     */
    public Map<String, Map<String, String>> group(String prefix) {
        Map<String, Map<String, String>> group = new TreeMap<>();
        String start = prefix + ".";
        values.forEach((name, value) -> {
            int dot = name.indexOf('.', start.length());
            if (name.startsWith(start) && dot > 0) {
                group.computeIfAbsent(name.substring(start.length(), dot), ignored -> new TreeMap<>())
                        .put(name.substring(dot + 1), shown(requireNonNull(catalog.find(name)), value));
            }
        });
        return group;
    }

    /**
     * What is in force: every key of the role, and every key that was set for another one.
     *
     * @return the entries in the order the keys are documented; secrets are masked
     */
    public List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        for (ConfigKey<?> key : catalog.keys()) {
            Value set = values.get(key.name());
            if (key.template()) {
                values.forEach((name, value) -> {
                    if (catalog.find(name) == key) {
                        entries.add(new Entry(name, shown(key, value), value.origin(), key));
                    }
                });
            } else if (set != null) {
                entries.add(new Entry(key.name(), shown(key, set), set.origin(), key));
            } else if (key.roles().contains(role)) {
                entries.add(new Entry(key.name(), key.defaultText(), Origin.BY_DEFAULT, key));
            }
        }
        return entries;
    }

    /**
     * What deserves attention but does not stop the start, such as unknown variables of the environment.
     *
     * @return one sentence each
     */
    public List<String> warnings() {
        return warnings;
    }

    /**
     * What would stop a start. Always empty unless the builder was {@linkplain ConfigBuilder#lenient lenient}.
     *
     * @return one sentence each
     */
    public List<String> problems() {
        return List.copyOf(problems);
    }

    /**
     * Reads all sources again. Keys that are not {@linkplain ConfigKey#reloadable reloadable} keep their value; a
     * change of theirs is among the {@link #warnings}.
     *
     * @return a new configuration; this one does not change
     * @throws ConfigException when what is there now has problems
     */
    public Config reloaded() {
        Config fresh = source.build();
        Map<String, Value> merged = new TreeMap<>(fresh.values);
        List<String> said = new ArrayList<>(fresh.warnings);
        for (ConfigKey<?> key : catalog.keys()) {
            if (key.template() || key.reloadable()) {
                continue;
            }
            Value before = values.get(key.name());
            Value now = fresh.values.get(key.name());
            if (before == null ? now != null : now == null || !before.parsed().equals(now.parsed())) {
                said.add(key.name() + " has changed, which takes effect at the next start");
                if (before == null) {
                    merged.remove(key.name());
                } else {
                    merged.put(key.name(), before);
                }
            }
        }
        return new Config(source, fresh.catalog, merged, said, fresh.problems);
    }

    /**
     * What was set, for the log at start: one {@code key = value (origin)} a line, secrets masked, defaults left out.
     *
     * @return the lines
     */
    public String describe() {
        StringBuilder text = new StringBuilder();
        for (Entry entry : entries()) {
            if (entry.origin().source() != Origin.Source.DEFAULT) {
                text.append(text.length() == 0 ? "" : "\n")
                        .append(entry.name())
                        .append(" = ")
                        .append(entry.value())
                        .append(" (")
                        .append(entry.origin())
                        .append(')');
            }
        }
        return text.toString();
    }

    private static String shown(ConfigKey<?> key, Value value) {
        return key.secret() ? Secret.MASK : value.text();
    }

    @Override
    public String toString() {
        return "Config[" + role.word() + "]";
    }
}
