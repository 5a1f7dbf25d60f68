/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.frame.LogLine;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An appender of a logging library that an application brings along. The library's classes are those of the application, so
 * that nothing of it is linked here: its appender interface is implemented by a proxy that the application's loader defines.
 * Thread-safe.
 */
abstract class LibraryAppender {

    /** Of the appender, as the library shows it. */
    static final String NAME = "fluid4j";

    private static final System.Logger LOG = System.getLogger(LibraryAppender.class.getName());

    private final ClassLoader loader;
    private final RequestLines lines;
    private final Object appender;
    private boolean broken;

    LibraryAppender(ClassLoader loader, RequestLines lines, String type) throws ReflectiveOperationException {
        this.loader = loader;
        this.lines = lines;
        Class<?> appenderType = Class.forName(type, false, loader);
        this.appender =
                Proxy.newProxyInstance(appenderType.getClassLoader(), new Class<?>[] {appenderType}, new Calls());
    }

    /** For the libraries that this loader knows. */
    static List<LibraryAppender> in(ClassLoader loader, RequestLines lines) {
        List<LibraryAppender> found = new ArrayList<>();
        try {
            found.add(new LogbackAppender(loader, lines));
        } catch (ReflectiveOperationException | LinkageError e) {
            LOG.log(System.Logger.Level.TRACE, "no Logback", e);
        }
        try {
            found.add(new Log4jAppender(loader, lines));
        } catch (ReflectiveOperationException | LinkageError e) {
            LOG.log(System.Logger.Level.TRACE, "no Log4j 2", e);
        }
        return found;
    }

    /** Puts it in place when it is not (any more). What the library throws is said once, and it is left alone then. */
    final synchronized void attach() {
        withinApplication(() -> attach(appender), System.Logger.Level.WARNING);
    }

    /** Takes it away. The application may have stopped already, and its library with it. */
    final synchronized void detach() {
        withinApplication(() -> detach(appender), System.Logger.Level.DEBUG);
    }

    abstract void attach(Object added) throws ReflectiveOperationException;

    abstract void detach(Object added) throws ReflectiveOperationException;

    /** One event, on the thread that logs. */
    abstract void append(RequestScope scope, Object event) throws ReflectiveOperationException;

    final RequestLines lines() {
        return lines;
    }

    private interface Step {
        void run() throws ReflectiveOperationException;
    }

    private void withinApplication(Step step, System.Logger.Level whenBroken) {
        if (broken) {
            return;
        }
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            step.run();
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            broken = true;
            LOG.log(whenBroken, "lines of " + getClass().getSimpleName() + " are not sent", e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** The level of a name that Logback and Log4j share. */
    static int level(Object of) {
        return switch (of.toString()) {
            case "FATAL", "ERROR" -> LogLine.ERROR;
            case "WARN" -> LogLine.WARNING;
            case "DEBUG" -> LogLine.DEBUG;
            case "TRACE" -> LogLine.TRACE;
            default -> LogLine.INFO;
        };
    }

    /** What the library calls. An appender must not throw. */
    private final class Calls implements InvocationHandler {
        @Override
        public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) {
            return switch (method.getName()) {
                case "append", "doAppend" -> {
                    if (arguments != null && arguments.length == 1) {
                        line(arguments[0]);
                    }
                    yield null;
                }
                case "getName", "toString" -> NAME;
                case "isStarted", "ignoreExceptions" -> true;
                case "equals" -> arguments != null && arguments[0] == proxy;
                case "hashCode" -> System.identityHashCode(proxy);
                default -> method.getReturnType() == boolean.class ? Boolean.FALSE : null;
            };
        }

        private void line(Object event) {
            RequestScope scope = lines.current();
            if (scope == null) {
                return;
            }
            try {
                append(scope, event);
            } catch (ReflectiveOperationException | RuntimeException e) {
                LOG.log(System.Logger.Level.DEBUG, "a line could not be read", e);
            }
        }
    }
}
