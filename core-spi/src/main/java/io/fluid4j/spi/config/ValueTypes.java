/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import static java.util.stream.Collectors.joining;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The types of values that {@link KeyFamily} offers. */
final class ValueTypes {

    static final String OFF = "off";

    private static final Pattern DURATION = Pattern.compile("([0-9]{1,12})(ms|s|m|h|d)");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})(?:([kmgKMG])(?:i?[bB])?)?");
    private static final Pattern RATIO = Pattern.compile("[0-9]{1,6}(\\.[0-9]{1,9})?%?");

    private ValueTypes() {}

    static ValueType<Duration> duration(Duration min, Duration max) {
        return type(
                "duration",
                format(min) + " to " + format(max),
                "ms, s, m, h, d",
                text -> inRange(parseDuration(text), min, max),
                ValueTypes::format);
    }

    static ValueType<Long> size(long min, long max) {
        return type(
                "size",
                formatSize(min) + " to " + formatSize(max),
                "bytes, k, m, g",
                text -> inRange(parseSize(text), min, max),
                ValueTypes::formatSize);
    }

    static ValueType<Integer> integer(int min, int max) {
        return type(
                "integer",
                min + " to " + max,
                "",
                text -> inRange(Integer.valueOf(text), min, max),
                value -> Integer.toString(value));
    }

    static ValueType<Double> ratio(double min, double max) {
        return type(
                "ratio",
                formatRatio(min) + " to " + formatRatio(max),
                "1 = 100 %",
                text -> inRange(parseRatio(text), min, max),
                ValueTypes::formatRatio);
    }

    static ValueType<Boolean> bool() {
        return type("boolean", "true or false", "", ValueTypes::parseBoolean, value -> Boolean.toString(value));
    }

    static ValueType<String> string(Pattern allowed, String range) {
        return type("text", range, "", text -> matching(text, allowed), Function.identity());
    }

    static ValueType<Path> path(String range) {
        return type("path", range, "", text -> Path.of(notEmpty(text)), Path::toString);
    }

    static ValueType<Secret> secret() {
        return type("secret", "not empty", "", Secret::of, Secret::reveal);
    }

    static <E extends Enum<E>> ValueType<E> oneOf(Class<E> words) {
        String range =
                Arrays.stream(words.getEnumConstants()).map(ValueTypes::word).collect(joining(", "));
        return type(
                "word",
                range,
                "",
                text -> Arrays.stream(words.getEnumConstants())
                        .filter(value -> word(value).equals(text.toLowerCase(Locale.ROOT)))
                        .findFirst()
                        .orElseThrow(IllegalArgumentException::new),
                ValueTypes::word);
    }

    static ValueType<URI> uri(Set<String> schemes) {
        List<String> sorted = schemes.stream().sorted().toList();
        String range = sorted.stream().map(scheme -> scheme + "://host:port").collect(joining(", "));
        return type("address", range, "", text -> parseUri(text, schemes), URI::toString);
    }

    /** An address of the web with whatever path it has; without credentials, which belong into a secret. */
    static ValueType<URI> webAddress() {
        return type(
                "URL",
                "http:// or https://, without user and fragment",
                "",
                ValueTypes::parseWebAddress,
                URI::toString);
    }

    private static URI parseWebAddress(String text) {
        URI uri = URI.create(text);
        boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
        return require(
                web && uri.getHost() != null && uri.getRawUserInfo() == null && uri.getRawFragment() == null, uri);
    }

    static ValueType<AddressRange> addressRange() {
        return type(
                "address range",
                "addresses or networks such as 10.0.0.0/8",
                "",
                AddressRange::parse,
                AddressRange::toString);
    }

    static <T> ValueType<List<T>> listOf(ValueType<T> item, int max) {
        return type(
                "list of " + item.name(),
                "separated by commas: " + item.range(),
                item.unit(),
                text -> {
                    List<T> values = Arrays.stream(notEmpty(text).split(",", -1))
                            .map(String::strip)
                            .map(item::parse)
                            .distinct()
                            .toList();
                    return require(values.size() <= max, values);
                },
                values -> values.stream().map(item::format).collect(joining(",")));
    }

    static ValueType<Optional<Duration>> durationOrOff(Duration min, Duration max) {
        return orOff(duration(min, max), Optional.empty(), Optional::of, Optional::get);
    }

    static ValueType<OptionalLong> sizeOrOff(long min, long max) {
        return orOff(size(min, max), OptionalLong.empty(), OptionalLong::of, OptionalLong::getAsLong);
    }

    static ValueType<OptionalInt> integerOrOff(int min, int max) {
        return orOff(integer(min, max), OptionalInt.empty(), OptionalInt::of, OptionalInt::getAsInt);
    }

    static ValueType<OptionalDouble> ratioOrOff(double min, double max) {
        return orOff(ratio(min, max), OptionalDouble.empty(), OptionalDouble::of, OptionalDouble::getAsDouble);
    }

    private static <T, O> ValueType<O> orOff(ValueType<T> type, O off, Function<T, O> on, Function<O, T> value) {
        return type(
                type.name(),
                type.range() + ", or off",
                type.unit(),
                text -> text.equalsIgnoreCase(OFF) ? off : on.apply(type.parse(text)),
                present -> present.equals(off) ? OFF : type.format(value.apply(present)));
    }

    static Duration parseDuration(String text) {
        if (text.equals("0")) {
            return Duration.ZERO;
        }
        Matcher matcher = DURATION.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new IllegalArgumentException();
        }
        long count = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
        };
    }

    static String format(Duration value) {
        long millis = value.toMillis();
        if (millis == 0) {
            return "0";
        }
        if (millis % 1_000 != 0) {
            return millis + "ms";
        }
        if (millis % 86_400_000 == 0) {
            return millis / 86_400_000 + "d";
        }
        if (millis % 3_600_000 == 0) {
            return millis / 3_600_000 + "h";
        }
        // Up to ten minutes people think in seconds.
        return millis % 60_000 == 0 && millis > 600_000 ? millis / 60_000 + "m" : millis / 1_000 + "s";
    }

    static long parseSize(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException();
        }
        long count = Long.parseLong(matcher.group(1));
        String unit = matcher.group(2);
        if (unit == null) {
            return count;
        }
        return switch (unit.toLowerCase(Locale.ROOT)) {
            case "k" -> Math.multiplyExact(count, 1L << 10);
            case "m" -> Math.multiplyExact(count, 1L << 20);
            default -> Math.multiplyExact(count, 1L << 30);
        };
    }

    static String formatSize(long value) {
        for (int shift = 30; shift > 0 && value > 0; shift -= 10) {
            if ((value & ((1L << shift) - 1)) == 0) {
                return (value >> shift) + (shift == 30 ? "g" : shift == 20 ? "m" : "k");
            }
        }
        return Long.toString(value);
    }

    private static double parseRatio(String text) {
        if (!RATIO.matcher(text).matches()) {
            throw new IllegalArgumentException();
        }
        return text.endsWith("%")
                ? Double.parseDouble(text.substring(0, text.length() - 1)) / 100
                : Double.parseDouble(text);
    }

    private static String formatRatio(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    private static boolean parseBoolean(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException();
        };
    }

    private static URI parseUri(String text, Set<String> schemes) {
        URI uri = URI.create(text);
        boolean complete = uri.getScheme() != null
                && schemes.contains(uri.getScheme())
                && uri.getHost() != null
                && uri.getPort() > 0
                && uri.getPort() <= 65_535
                && uri.getUserInfo() == null
                && uri.getRawQuery() == null
                && uri.getRawFragment() == null
                && (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"));
        return require(complete, uri);
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String matching(String text, Pattern allowed) {
        return require(allowed.matcher(text).matches(), text);
    }

    private static String notEmpty(String text) {
        return require(!text.isEmpty(), text);
    }

    private static <T extends Comparable<T>> T inRange(T value, T min, T max) {
        return require(value.compareTo(min) >= 0 && value.compareTo(max) <= 0, value);
    }

    private static <T> T require(boolean allowed, T value) {
        if (!allowed) {
            throw new IllegalArgumentException();
        }
        return value;
    }

    private static <T> ValueType<T> type(
            String name, String range, String unit, Function<String, T> parser, Function<T, String> formatter) {
        return new ValueType<>() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public String range() {
                return range;
            }

            @Override
            public String unit() {
                return unit;
            }

            @Override
            public T parse(String text) {
                return parser.apply(text);
            }

            @Override
            public String format(T value) {
                return formatter.apply(value);
            }
        };
    }
}
