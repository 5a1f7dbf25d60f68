/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.lang.reflect.Method;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** At the root logger of an application's Log4j 2, of which the core is there. */
final class Log4jAppender extends LibraryAppender {

    private static final String LOG4J = "org.apache.logging.log4j.";

    private final ClassLoader loader;
    private final Class<?> contextType;
    private final Method context;
    private final Method configuration;
    private final Method rootLogger;
    private final Method appenders;
    private final Method add;
    private final Method remove;
    private final Method level;
    private final Method logger;
    private final Method time;
    private final Method message;
    private final Method text;
    private final Method thrown;

    Log4jAppender(ClassLoader loader, RequestLines lines) throws ReflectiveOperationException {
        super(loader, lines, LOG4J + "core.Appender");
        this.loader = loader;
        Class<?> appender = Class.forName(LOG4J + "core.Appender", false, loader);
        contextType = Class.forName(LOG4J + "core.LoggerContext", false, loader);
        context = Class.forName(LOG4J + "LogManager", false, loader)
                .getMethod("getContext", ClassLoader.class, boolean.class);
        configuration = contextType.getMethod("getConfiguration");
        rootLogger = Class.forName(LOG4J + "core.config.Configuration", false, loader)
                .getMethod("getRootLogger");
        Class<?> loggerConfig = Class.forName(LOG4J + "core.config.LoggerConfig", false, loader);
        appenders = loggerConfig.getMethod("getAppenders");
        add = loggerConfig.getMethod(
                "addAppender",
                appender,
                Class.forName(LOG4J + "Level", false, loader),
                Class.forName(LOG4J + "core.Filter", false, loader));
        remove = loggerConfig.getMethod("removeAppender", String.class);
        Class<?> event = Class.forName(LOG4J + "core.LogEvent", false, loader);
        level = event.getMethod("getLevel");
        logger = event.getMethod("getLoggerName");
        time = event.getMethod("getTimeMillis");
        message = event.getMethod("getMessage");
        text = Class.forName(LOG4J + "message.Message", false, loader).getMethod("getFormattedMessage");
        thrown = event.getMethod("getThrown");
    }

    @Override
    void attach(Object added) throws ReflectiveOperationException {
        Object root = root();
        if (root != null && !((Map<?, ?>) appenders.invoke(root)).containsKey(NAME)) {
            add.invoke(root, added, null, null);
        }
    }

    @Override
    void detach(Object added) throws ReflectiveOperationException {
        Object root = root();
        if (root != null && ((Map<?, ?>) appenders.invoke(root)).get(NAME) == added) {
            remove.invoke(root, NAME);
        }
    }

    /** Null when another library answers for Log4j's API. */
    private @Nullable Object root() throws ReflectiveOperationException {
        Object running = context.invoke(null, loader, false);
        return contextType.isInstance(running) ? rootLogger.invoke(configuration.invoke(running)) : null;
    }

    @Override
    void append(RequestScope scope, Object event) throws ReflectiveOperationException {
        lines().add(
                        scope,
                        (Long) time.invoke(event),
                        level(level.invoke(event)),
                        (String) logger.invoke(event),
                        (String) text.invoke(message.invoke(event)),
                        (Throwable) thrown.invoke(event));
    }
}
