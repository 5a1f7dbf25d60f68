/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fluid4j.spi.config.Config.Value;
import io.fluid4j.spi.config.Origin.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Collects the sources of a {@link Config} and checks everything in them. Not thread-safe. */
public final class ConfigBuilder {

    /** What all our keys begin with. */
    static final String PREFIX = "fluid.";

    /** System properties of builds and test runs; none of the product's business. */
    private static final String BUILD_PREFIX = "fluid.test.";

    private static final String VARIABLE_PREFIX = "FLUID_";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{env:([A-Za-z0-9_]+)(?::-([^}]*))?}");

    /** Kubernetes sets such variables for a service, and their names may be those of our ports. */
    private static final Pattern SERVICE_LINK = Pattern.compile("(tcp|udp)://[0-9a-fA-F.:\\[\\]]+:[0-9]+");

    private static final System.Logger LOG = System.getLogger("io.fluid4j.config");

    private Role role = Role.INSTANCE;
    private Map<String, String> explicit = Map.of();
    private @Nullable Properties properties;
    private @Nullable Map<String, String> environment;
    private @Nullable Path file;
    private boolean defaultFiles = true;
    private List<ConfigKey<?>> furtherKeys = List.of();
    private boolean lenient;
    private @Nullable Path fileRead;

    ConfigBuilder() {}

    /**
     * The role of the process; an instance unless said.
     *
     * @param value the role
     * @return this
     */
    public ConfigBuilder role(Role value) {
        this.role = requireNonNull(value, "value");
        return this;
    }

    /**
     * Values given by code or by attributes of an XML file: they win.
     *
     * @param values names and texts
     * @return this
     */
    public ConfigBuilder explicit(Map<String, String> values) {
        this.explicit = Map.copyOf(values);
        return this;
    }

    /**
     * System properties to read instead of the JVM's.
     *
     * @param values the properties
     * @return this
     */
    public ConfigBuilder systemProperties(Properties values) {
        this.properties = requireNonNull(values, "values");
        return this;
    }

    /**
     * An environment to read instead of the process's.
     *
     * @param values names and texts
     * @return this
     */
    public ConfigBuilder environment(Map<String, String> values) {
        this.environment = Map.copyOf(values);
        return this;
    }

    /**
     * The file to read, whatever {@code fluid.config} says. It must exist.
     *
     * @param path the file
     * @return this
     */
    public ConfigBuilder file(Path path) {
        this.file = requireNonNull(path, "path");
        return this;
    }

    /**
     * Reads a file only when one is named, never one at a default place.
     *
     * @return this
     */
    public ConfigBuilder noDefaultFiles() {
        this.defaultFiles = false;
        return this;
    }

    /**
     * Keys that no provider declares.
     *
     * @param keys the keys
     * @return this
     */
    public ConfigBuilder keys(Collection<? extends ConfigKey<?>> keys) {
        this.furtherKeys = List.copyOf(keys);
        return this;
    }

    /**
     * Keeps problems for {@link Config#problems} instead of throwing; values that are not valid count as not set. For
     * tools that show a configuration, never for a process that uses it.
     *
     * @return this
     */
    public ConfigBuilder lenient() {
        this.lenient = true;
        return this;
    }

    /**
     * Reads and checks all sources. Warnings are logged once, by the logger {@code io.fluid4j.config}.
     *
     * @return the configuration
     * @throws ConfigException when anything is wrong and it is not {@link #lenient}; it lists everything
     */
    public Config build() {
        KeyCatalog catalog = KeyCatalog.of(furtherKeys);
        List<String> problems = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        // From the weakest to the strongest: what comes later replaces.
        Map<String, Value> values = new LinkedHashMap<>();
        Map<String, String> variables = environment == null ? System.getenv() : environment;
        Properties system = properties == null ? System.getProperties() : properties;

        readFile(catalog, variables, system, values, problems);
        readVariables(catalog, variables, values, problems, warnings);
        namesOf(system)
                .forEach(name -> take(
                        catalog,
                        name,
                        requireNonNull(system.getProperty(name)),
                        Source.SYSTEM_PROPERTY,
                        "-D" + name,
                        values,
                        problems));
        new TreeMap<>(explicit)
                .forEach((name, text) -> take(catalog, name, text, Source.EXPLICIT, "", values, problems));

        for (ConfigKey<?> key : catalog.keys()) {
            if (key.secret()) {
                readSecrets(key, values, problems, warnings);
            }
            Value set = values.get(key.name());
            if (key.reserved() && key.roles().contains(role) && set != null) {
                warnings.add(key.name() + " (" + set.origin() + ") has no effect in this version");
            }
            if (key.required() && key.roles().contains(role) && !values.containsKey(key.name())) {
                problems.add(key.name() + " is not set (expected: " + key.type().range()
                        + "; set it in the file, or as " + key.environmentName() + ")");
            }
        }
        Config config = new Config(this, catalog, values, warnings, problems);
        ConfigRules.check(config, role, problems);
        if (!problems.isEmpty() && !lenient) {
            throw new ConfigException(problems);
        }
        for (String warning : warnings) {
            LOG.log(System.Logger.Level.WARNING, warning);
        }
        return config;
    }

    Role role() {
        return role;
    }

    @Nullable
    Path fileRead() {
        return fileRead;
    }

    private void readFile(
            KeyCatalog catalog,
            Map<String, String> variables,
            Properties system,
            Map<String, Value> values,
            List<String> problems) {
        Path path = findFile(variables, system, problems);
        fileRead = path;
        if (path == null) {
            return;
        }
        PropertiesFile.read(path, problems).lines().forEach((name, line) -> {
            String place = path + ":" + line.number();
            if (name.equals(CommonKeys.CONFIG.name())) {
                problems.add(name + " (file " + place + ") cannot be set in a file");
                return;
            }
            String text = expand(line.value(), name, place, variables, problems);
            take(catalog, name, text, Source.FILE, place, values, problems);
        });
    }

    private @Nullable Path findFile(Map<String, String> variables, Properties system, List<String> problems) {
        String key = CommonKeys.CONFIG.name();
        String named = explicit.get(key);
        String by = key;
        if (named == null) {
            named = system.getProperty(key);
        }
        if (named == null) {
            by = CommonKeys.CONFIG.environmentName();
            named = variables.get(by);
        }
        Path chosen = file != null ? file : named == null || named.isEmpty() ? null : Path.of(named);
        if (chosen != null) {
            if (Files.isReadable(chosen) && !Files.isDirectory(chosen)) {
                return chosen;
            }
            problems.add("the configuration file " + chosen + (file != null ? "" : " (named by " + by + ")")
                    + " cannot be read (expected: a readable properties file)");
            return null;
        }
        return defaultFiles ? firstDefault(system) : null;
    }

    private static @Nullable Path firstDefault(Properties system) {
        String tomcat = system.getProperty("catalina.base");
        String jetty = system.getProperty("jetty.base");
        List<Path> candidates = new ArrayList<>();
        if (tomcat != null) {
            candidates.add(Path.of(tomcat, "conf", "fluid.properties"));
        }
        if (jetty != null) {
            candidates.add(Path.of(jetty, "etc", "fluid.properties"));
        }
        candidates.add(Path.of("fluid.properties"));
        for (Path candidate : candidates) {
            if (Files.isRegularFile(candidate)) {
                return candidate;
            }
        }
        return null;
    }

    private void readVariables(
            KeyCatalog catalog,
            Map<String, String> variables,
            Map<String, Value> values,
            List<String> problems,
            List<String> warnings) {
        new TreeMap<>(variables).forEach((variable, text) -> {
            if (!variable.startsWith(VARIABLE_PREFIX) || text.isEmpty()) {
                return;
            }
            String name = catalog.nameOfVariable(variable);
            if (name == null) {
                warnings.add("the variable " + variable + " of the environment is none of Fluid4J's (nearest key: "
                        + catalog.nearest(variable.toLowerCase(Locale.ROOT).replace('_', '.')) + ")");
            } else if (SERVICE_LINK.matcher(text).matches() && name.endsWith(".port")) {
                warnings.add(
                        "the variable " + variable + " looks like one that Kubernetes sets for a service; ignored");
            } else {
                take(catalog, name, text, Source.ENVIRONMENT, variable, values, problems);
            }
        });
    }

    private static Set<String> namesOf(Properties system) {
        Set<String> names = new TreeSet<>();
        for (String name : system.stringPropertyNames()) {
            if (name.startsWith(PREFIX) && !name.startsWith(BUILD_PREFIX)) {
                names.add(name);
            }
        }
        return names;
    }

    private static void take(
            KeyCatalog catalog,
            String name,
            String text,
            Source source,
            String place,
            Map<String, Value> values,
            List<String> problems) {
        Origin origin = new Origin(source, place);
        ConfigKey<?> key = catalog.find(name);
        if (key == null) {
            problems.add(
                    name + " (" + origin + ") is not a known key (nearest known key: " + catalog.nearest(name) + ")");
            return;
        }
        String stripped = text.strip();
        try {
            values.put(
                    name,
                    new Value(
                            key.secret() ? Secret.MASK : stripped,
                            requireNonNull(key.type().parse(stripped)),
                            origin));
        } catch (IllegalArgumentException | ArithmeticException e) {
            // The type says what it wants better than whatever refused the text.
            String shown = key.secret() ? Secret.MASK : stripped;
            String unit = key.type().unit().isEmpty()
                    ? ""
                    : ", written with " + key.type().unit();
            problems.add(name + " = \"" + shown + "\" (" + origin + ") is not valid (expected "
                    + key.type().name() + ": " + key.type().range() + unit + ")");
        }
    }

    /** Of a key, or of each that a template stands for. */
    private static void readSecrets(
            ConfigKey<?> key, Map<String, Value> values, List<String> problems, List<String> warnings) {
        for (String name : List.copyOf(values.keySet())) {
            if (name.endsWith(ConfigKey.FILE_SUFFIX)) {
                String secret = name.substring(0, name.length() - ConfigKey.FILE_SUFFIX.length());
                if (key.matches(secret)) {
                    readSecret(secret, values, problems, warnings);
                }
            }
        }
    }

    private static void readSecret(
            String key, Map<String, Value> values, List<String> problems, List<String> warnings) {
        String fileKey = key + ConfigKey.FILE_SUFFIX;
        Value inFile = values.get(fileKey);
        Value direct = values.get(key);
        if (inFile == null) {
            return;
        }
        if (direct != null) {
            int order = direct.origin().source().compareTo(inFile.origin().source());
            if (order == 0) {
                problems.add(key + " and " + fileKey + " are both set (" + direct.origin() + ", " + inFile.origin()
                        + "): one of them must go");
            }
            if (order <= 0) {
                return;
            }
        }
        Path path = (Path) inFile.parsed();
        try {
            String text = withoutLineEnd(Files.readString(path, UTF_8));
            if (text.isEmpty()) {
                problems.add(fileKey + " = \"" + path + "\" (" + inFile.origin() + ") is an empty file");
                return;
            }
            values.put(key, new Value(Secret.MASK, Secret.of(text), inFile.origin()));
            warnAboutReaders(path, fileKey, warnings);
        } catch (IOException e) {
            problems.add(fileKey + " = \"" + path + "\" (" + inFile.origin() + ") cannot be read: " + e);
        }
    }

    private static void warnAboutReaders(Path path, String key, List<String> warnings) throws IOException {
        if (path.getFileSystem().supportedFileAttributeViews().contains("posix")
                && Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_READ)) {
            warnings.add(key + " names " + path + ", which every user of this machine may read");
        }
    }

    private static String withoutLineEnd(String text) {
        int end = text.length();
        if (end > 0 && text.charAt(end - 1) == '\n') {
            end--;
        }
        if (end > 0 && text.charAt(end - 1) == '\r') {
            end--;
        }
        return text.substring(0, end);
    }

    private static String expand(
            String text, String name, String place, Map<String, String> variables, List<String> problems) {
        Matcher matcher = PLACEHOLDER.matcher(text);
        StringBuilder expanded = new StringBuilder();
        while (matcher.find()) {
            String variable = requireNonNull(matcher.group(1));
            String value = variables.get(variable);
            String otherwise = matcher.group(2);
            if (value == null && otherwise == null) {
                problems.add(name + " (file " + place + ") needs the variable " + variable
                        + " of the environment, which is not set");
            }
            String by = value != null ? value : otherwise != null ? otherwise : "";
            matcher.appendReplacement(expanded, Matcher.quoteReplacement(by));
        }
        return matcher.appendTail(expanded).toString();
    }
}
