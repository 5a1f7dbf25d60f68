/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Listens to the loggers of the server and of each application: to java.util.logging, of which every application in Tomcat
 * has a root of its own that passes nothing on, and to Logback and Log4j 2 where an application brings them. What is in place
 * is looked at now and then, because libraries start late and are configured anew. Thread-safe.
 */
final class ApplicationLogs implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(ApplicationLogs.class.getName());

    /** These hand every record of java.util.logging to Logback or Log4j, where it is heard as well. */
    private static final Set<String> PASSING_ON = Set.of("SLF4JBridgeHandler", "Log4jBridgeHandler");

    private final RequestLines lines;
    private final Handler handler;
    private final @Nullable CapturedOutput output;
    /** Of the loaders of applications; guarded by this. */
    private final Map<ClassLoader, Application> applications = new HashMap<>();

    private boolean open;

    /** What is listened to in one application. */
    private static final class Application {
        @Nullable
        Logger root;

        final List<LibraryAppender> libraries = new ArrayList<>();
    }

    /**
     * Not listening yet.
     *
     * @param lines where lines go
     * @param withOutput whether what is printed to standard output counts as well
     */
    ApplicationLogs(RequestLines lines, boolean withOutput) {
        this.lines = lines;
        this.handler = new RequestLogHandler(lines);
        this.output = withOutput ? new CapturedOutput(lines) : null;
    }

    /** Begins to listen to the server. */
    synchronized void start() {
        open = true;
        listen(application(ClassLoader.getSystemClassLoader()), ClassLoader.getSystemClassLoader());
        if (output != null) {
            output.install();
        }
    }

    /**
     * Listens to these applications, and to no other any more. What listens already is left alone.
     *
     * @param loaders the class loaders of all applications that run
     */
    synchronized void refresh(Set<ClassLoader> loaders) {
        if (!open) {
            return;
        }
        ClassLoader system = ClassLoader.getSystemClassLoader();
        for (Iterator<Map.Entry<ClassLoader, Application>> all =
                        applications.entrySet().iterator();
                all.hasNext(); ) {
            Map.Entry<ClassLoader, Application> known = all.next();
            if (known.getKey() != system && !loaders.contains(known.getKey())) {
                ignore(known.getValue());
                all.remove();
            }
        }
        listen(application(system), system);
        for (ClassLoader loader : loaders) {
            Application application = application(loader);
            listen(application, loader);
            for (LibraryAppender library : application.libraries) {
                library.attach();
            }
        }
    }

    private Application application(ClassLoader loader) {
        return applications.computeIfAbsent(loader, added -> {
            Application application = new Application();
            if (added != ClassLoader.getSystemClassLoader()) {
                application.libraries.addAll(LibraryAppender.in(added, lines));
            }
            return application;
        });
    }

    /** To the root of java.util.logging as this loader sees it, unless what it hears is heard already. */
    private void listen(Application application, ClassLoader loader) {
        Logger root;
        try {
            root = within(loader);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.DEBUG, "an application's logging cannot be listened to", e);
            return;
        }
        if (root == null) {
            return;
        }
        boolean elsewhere = !application.libraries.isEmpty()
                && Arrays.stream(root.getHandlers())
                        .anyMatch(one -> PASSING_ON.contains(one.getClass().getSimpleName()));
        if (elsewhere) {
            root.removeHandler(handler);
            application.root = null;
        } else if (!heard(root)) {
            root.addHandler(handler);
            application.root = root;
        }
    }

    private static @Nullable Logger within(ClassLoader loader) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return LogManager.getLogManager().getLogger("");
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private boolean heard(Logger logger) {
        for (Logger at = logger; at != null; at = at.getParent()) {
            if (Arrays.asList(at.getHandlers()).contains(handler)) {
                return true;
            }
            if (!at.getUseParentHandlers()) {
                return false;
            }
        }
        return false;
    }

    private void ignore(Application application) {
        Logger root = application.root;
        if (root != null) {
            root.removeHandler(handler);
        }
        application.libraries.forEach(LibraryAppender::detach);
    }

    /** Listens to nobody any more. */
    @Override
    public synchronized void close() {
        open = false;
        applications.values().forEach(this::ignore);
        applications.clear();
        if (output != null) {
            output.uninstall();
        }
    }
}
