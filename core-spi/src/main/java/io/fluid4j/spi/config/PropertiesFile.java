/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * A properties file in UTF-8 that remembers on which line each key stands. The syntax is that of {@link Properties};
 * a key that is there twice is a problem instead of a silent choice.
 */
final class PropertiesFile {

    /** A value and the line it begins on. */
    record Line(String value, int number) {}

    private final Map<String, Line> lines = new LinkedHashMap<>();

    private PropertiesFile() {}

    static PropertiesFile read(Path file, List<String> problems) {
        PropertiesFile result = new PropertiesFile();
        try {
            result.parse(file, Files.readAllLines(file, UTF_8), problems);
        } catch (IOException | IllegalArgumentException e) {
            problems.add("the configuration file " + file + " cannot be read: " + e);
        }
        return result;
    }

    Map<String, Line> lines() {
        return lines;
    }

    private void parse(Path file, List<String> natural, List<String> problems) throws IOException {
        for (int i = 0; i < natural.size(); i++) {
            int number = i + 1;
            String line = natural.get(i);
            if (line.isBlank()
                    || line.stripLeading().startsWith("#")
                    || line.stripLeading().startsWith("!")) {
                continue;
            }
            StringBuilder logical = new StringBuilder(line);
            while (goesOn(logical) && i + 1 < natural.size()) {
                logical.append('\n').append(natural.get(++i));
            }
            Properties one = new Properties();
            one.load(new StringReader(logical.toString()));
            for (String key : one.stringPropertyNames()) {
                Line before = lines.put(key, new Line(one.getProperty(key).strip(), number));
                if (before != null) {
                    problems.add(key + " is set twice in " + file + ", on lines " + before.number + " and " + number);
                }
            }
        }
    }

    /** Whether a line ends with an odd number of backslashes. */
    private static boolean goesOn(CharSequence line) {
        int backslashes = 0;
        while (backslashes < line.length() && line.charAt(line.length() - 1 - backslashes) == '\\') {
            backslashes++;
        }
        return backslashes % 2 == 1;
    }
}
