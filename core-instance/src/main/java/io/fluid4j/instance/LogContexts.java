/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Carries what an application's logging library keeps by thread (SLF4J's MDC, Log4j's ThreadContext) to the thread of a
 * task. The libraries' classes are those of the application, so that nothing of them is linked here. Thread-safe.
 */
final class LogContexts {

    private static final System.Logger LOG = System.getLogger(LogContexts.class.getName());

    /** By the loader that knows them; empty for one that knows none. */
    private final Map<ClassLoader, List<Library>> libraries = new ConcurrentHashMap<>();

    /** What one thread had, for another one. */
    static final class Carried {
        private static final Carried NOTHING = new Carried(List.of(), List.of());

        private final List<Library> libraries;
        private final List<Map<?, ?>> maps;

        private Carried(List<Library> libraries, List<Map<?, ?>> maps) {
            this.libraries = libraries;
            this.maps = maps;
        }

        /** Gives it to this thread; what comes back gives this thread what it had before. */
        Carried apply() {
            if (libraries.isEmpty()) {
                return NOTHING;
            }
            Carried before = of(libraries);
            for (int i = 0; i < libraries.size(); i++) {
                libraries.get(i).write(maps.get(i));
            }
            return before;
        }

        private static Carried of(List<Library> libraries) {
            if (libraries.isEmpty()) {
                return NOTHING;
            }
            List<Map<?, ?>> maps = new ArrayList<>(libraries.size());
            for (Library library : libraries) {
                maps.add(library.read());
            }
            return new Carried(libraries, maps);
        }
    }

    private record Library(Method copy, Method clear, Method set) {

        static @Nullable Library find(ClassLoader loader, String type, String copy, String clear, String set) {
            try {
                Class<?> context = Class.forName(type, true, loader);
                return new Library(
                        context.getMethod(copy), context.getMethod(clear), context.getMethod(set, Map.class));
            } catch (ReflectiveOperationException | LinkageError e) {
                return null;
            }
        }

        Map<?, ?> read() {
            try {
                return copy.invoke(null) instanceof Map<?, ?> map ? map : Map.of();
            } catch (ReflectiveOperationException | RuntimeException e) {
                LOG.log(System.Logger.Level.DEBUG, "a logging context cannot be read", e);
                return Map.of();
            }
        }

        void write(Map<?, ?> map) {
            try {
                clear.invoke(null);
                if (!map.isEmpty()) {
                    set.invoke(null, map);
                }
            } catch (ReflectiveOperationException | RuntimeException e) {
                LOG.log(System.Logger.Level.DEBUG, "a logging context cannot be carried over", e);
            }
        }
    }

    /**
     * What this thread has.
     *
     * @param loader of the application; null for none
     */
    Carried capture(@Nullable ClassLoader loader) {
        return loader == null
                ? Carried.NOTHING
                : Carried.of(libraries.computeIfAbsent(loader, LogContexts::librariesIn));
    }

    /** Forgets the applications that are gone. */
    void retain(Set<ClassLoader> running) {
        libraries.keySet().retainAll(running);
    }

    private static List<Library> librariesIn(ClassLoader loader) {
        List<Library> found = new ArrayList<>(2);
        // Joined here, because packing the adapter for Tomcat rewrites names of that package that stand in one piece.
        String slf4j = String.join(".", "org", "slf4j", "MDC");
        add(found, Library.find(loader, slf4j, "getCopyOfContextMap", "clear", "setContextMap"));
        add(found, Library.find(loader, "org.apache.logging.log4j.ThreadContext", "getContext", "clearMap", "putAll"));
        return List.copyOf(found);
    }

    private static void add(List<Library> found, @Nullable Library library) {
        if (library != null) {
            found.add(library);
        }
    }
}
