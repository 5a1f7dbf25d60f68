/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** All keys there are: ours, and those of providers. Finds the key of a name, and the key someone may have meant. */
final class KeyCatalog {

    private final Map<String, ConfigKey<?>> exact = new LinkedHashMap<>();
    private final List<ConfigKey<?>> templates = new ArrayList<>();

    private KeyCatalog() {}

    static KeyCatalog of(Collection<? extends ConfigKey<?>> further) {
        KeyCatalog catalog = new KeyCatalog();
        catalog.addAll(CommonKeys.family().keys());
        catalog.addAll(InstanceKeys.family().keys());
        catalog.addAll(RouterKeys.family().keys());
        catalog.addAll(ProvisionKeys.family().keys());
        catalog.addAll(ResolverKeys.family().keys());
        for (ConfigProvider provider : ServiceLoader.load(ConfigProvider.class, KeyCatalog.class.getClassLoader())) {
            catalog.addAll(provider.keys());
        }
        catalog.addAll(further);
        return catalog;
    }

    private void addAll(Collection<? extends ConfigKey<?>> keys) {
        for (ConfigKey<?> key : keys) {
            if (exact.put(key.name(), key) != null) {
                throw new IllegalStateException("two keys are named " + key.name());
            }
            if (key.template()) {
                templates.add(key);
            }
        }
    }

    /** Every key in the order it was declared; templates as such. */
    Collection<ConfigKey<?>> keys() {
        return exact.values();
    }

    /** The key of a concrete name; null when nobody declared it. */
    @Nullable
    ConfigKey<?> find(String name) {
        ConfigKey<?> key = exact.get(name);
        if (key != null && !key.template()) {
            return key;
        }
        for (ConfigKey<?> template : templates) {
            if (template.matches(name) && !template.name().equals(name)) {
                return template;
            }
        }
        return null;
    }

    /** The concrete name that a variable of the environment stands for; null when it is none of ours. */
    @Nullable
    String nameOfVariable(String variable) {
        for (ConfigKey<?> key : exact.values()) {
            String name = key.nameOfVariable(variable);
            if (name != null) {
                return name;
            }
        }
        return null;
    }

    /** The known key whose spelling is nearest. */
    String nearest(String name) {
        String best = "";
        int least = Integer.MAX_VALUE;
        for (ConfigKey<?> known : exact.values()) {
            int distance = distance(name, known.likened(name));
            if (distance < least) {
                least = distance;
                best = known.name();
            }
        }
        return best;
    }

    /** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
    static int distance(String a, String b) {
        int[] beforeLast = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            last[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = last[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, Math.min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
                }
            }
            int[] free = beforeLast;
            beforeLast = last;
            last = row;
            row = free;
        }
        return last[b.length()];
    }
}
