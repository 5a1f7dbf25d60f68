/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/** At the root logger of an application's Logback. */
final class LogbackAppender extends LibraryAppender {

    private static final String CORE = "ch.qos.logback.core.";
    private static final String CLASSIC = "ch.qos.logback.classic.";

    private final Method factory;
    private final Class<?> contextType;
    private final Method rootLogger;
    private final Method byName;
    private final Method add;
    private final Method detach;
    private final Method level;
    private final Method logger;
    private final Method time;
    private final Method message;
    private final Method thrown;
    private final Class<?> throwableProxy;
    private final Method throwable;

    LogbackAppender(ClassLoader loader, RequestLines lines) throws ReflectiveOperationException {
        super(loader, lines, CORE + "Appender");
        Class<?> appender = Class.forName(CORE + "Appender", false, loader);
        // Joined here, because packing the adapter for Tomcat rewrites names of that package that stand in one piece.
        String slf4j = String.join(".", "org", "slf4j", "LoggerFactory");
        factory = Class.forName(slf4j, false, loader).getMethod("getILoggerFactory");
        contextType = Class.forName(CLASSIC + "LoggerContext", false, loader);
        rootLogger = contextType.getMethod("getLogger", String.class);
        Class<?> loggerType = Class.forName(CLASSIC + "Logger", false, loader);
        byName = loggerType.getMethod("getAppender", String.class);
        add = loggerType.getMethod("addAppender", appender);
        detach = loggerType.getMethod("detachAppender", appender);
        Class<?> event = Class.forName(CLASSIC + "spi.ILoggingEvent", false, loader);
        level = event.getMethod("getLevel");
        logger = event.getMethod("getLoggerName");
        time = event.getMethod("getTimeStamp");
        message = event.getMethod("getFormattedMessage");
        thrown = event.getMethod("getThrowableProxy");
        throwableProxy = Class.forName(CLASSIC + "spi.ThrowableProxy", false, loader);
        throwable = throwableProxy.getMethod("getThrowable");
    }

    @Override
    void attach(Object added) throws ReflectiveOperationException {
        Object root = root();
        if (root != null && byName.invoke(root, NAME) == null) {
            add.invoke(root, added);
        }
    }

    @Override
    void detach(Object added) throws ReflectiveOperationException {
        Object root = root();
        if (root != null) {
            detach.invoke(root, added);
        }
    }

    /** Null while another library answers for SLF4J, or none yet. */
    private @Nullable Object root() throws ReflectiveOperationException {
        Object context = factory.invoke(null);
        return contextType.isInstance(context) ? rootLogger.invoke(context, "ROOT") : null;
    }

    @Override
    void append(RequestScope scope, Object event) throws ReflectiveOperationException {
        Object proxy = thrown.invoke(event);
        Object why = throwableProxy.isInstance(proxy) ? throwable.invoke(proxy) : null;
        lines().add(
                        scope,
                        (Long) time.invoke(event),
                        level(level.invoke(event)),
                        (String) logger.invoke(event),
                        (String) message.invoke(event),
                        (Throwable) why);
    }
}
