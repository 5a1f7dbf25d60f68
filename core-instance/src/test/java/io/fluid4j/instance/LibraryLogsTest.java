/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static io.fluid4j.instance.FakeRouter.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.LogLine;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.tunnel.Session;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An application that brings Logback or Log4j 2, in a loader of its own that knows nothing of ours. */
class LibraryLogsTest {

    private final FakeRouter router = new FakeRouter();
    private final FakeContainer container = new FakeContainer();
    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final Set<ClassLoader> running = ConcurrentHashMap.newKeySet();
    private URLClassLoader application;
    private InstanceRuntime instance;

    @BeforeEach
    void bring() throws Exception {
        List<URL> jars = new ArrayList<>();
        try (Stream<Path> all = Files.list(Path.of("target", "logging-libraries"))) {
            for (Path jar : all.toList()) {
                jars.add(jar.toUri().toURL());
            }
        }
        application = new URLClassLoader(jars.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        running.add(application);
    }

    @AfterEach
    void close() throws Exception {
        if (instance != null) {
            instance.close();
        }
        router.close();
        pool.shutdownNow();
        application.close();
    }

    private Session start(String... settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "fluid.function", "shop",
                "fluid.router.urls", router.url(),
                "fluid.tunnel.secret", FakeRouter.SECRET,
                "fluid.admission.scheduler-lag", "off",
                "fluid.admission.queue-delay", "off",
                "fluid.admission.cpu-throttled", "off",
                "fluid.admission.gc-time", "off",
                "fluid.admission.memory", "off"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        instance = InstanceRuntime.builder()
                .config(Config.builder()
                        .role(Role.INSTANCE)
                        .explicit(all)
                        .environment(Map.of())
                        .systemProperties(new Properties())
                        .noDefaultFiles()
                        .build())
                .container("test/1")
                .containerExecutor(pool)
                .exchanges(container)
                .applications(() -> Set.copyOf(running))
                .build();
        instance.start();
        instance.contextsChanged();
        return router.session();
    }

    private Object logger(String factory, String name) throws ReflectiveOperationException {
        return Class.forName(factory, true, application)
                .getMethod("getLogger", String.class)
                .invoke(null, name);
    }

    private static void log(Object logger, String type, String level, Object... arguments) {
        try {
            List<Class<?>> types = new ArrayList<>(List.of(String.class));
            if (arguments.length == 2) {
                types.add(arguments[1] instanceof Throwable ? Throwable.class : Object.class);
            }
            Method method = Class.forName(type, true, logger.getClass().getClassLoader())
                    .getMethod(level, types.toArray(Class<?>[]::new));
            method.invoke(logger, arguments);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private void ask(Session session, String path) {
        assertThat(FakeRouter.get(router.get(session, path).status)).isEqualTo(200);
    }

    private List<String> messages() {
        return router.logged.stream().map(logged -> logged.line().message()).toList();
    }

    @Test
    void linesOfLogbackGoToTheRouterInOrder() throws Exception {
        Object logger = logger("org.slf4j.LoggerFactory", "shop.Cart");
        checkLibrary(logger, "org.slf4j.Logger");
    }

    @Test
    void linesOfLog4jGoToTheRouterInOrder() throws Exception {
        // Of the application's context: here the caller is no class of the application.
        Object context = Class.forName("org.apache.logging.log4j.LogManager", true, application)
                .getMethod("getContext", ClassLoader.class, boolean.class)
                .invoke(null, application, false);
        Class<?> levels = Class.forName("org.apache.logging.log4j.Level", true, application);
        Object configuration = context.getClass().getMethod("getConfiguration").invoke(context);
        Object root = Class.forName("org.apache.logging.log4j.core.config.Configuration", true, application)
                .getMethod("getRootLogger")
                .invoke(configuration);
        root.getClass()
                .getMethod("setLevel", levels)
                .invoke(root, levels.getField("INFO").get(null));
        context.getClass().getMethod("updateLoggers").invoke(context);
        Object logger = context.getClass().getMethod("getLogger", String.class).invoke(context, "shop.Cart");
        checkLibrary(logger, "org.apache.logging.log4j.Logger");
    }

    private void checkLibrary(Object logger, String type) {
        container.at("/lines", request -> {
            log(logger, type, "info", "item {}", 3);
            log(logger, type, "warn", "late");
            log(logger, type, "error", "broken", new IllegalStateException("why"));
            return "ok";
        });
        Session session = start();
        log(logger, type, "info", "of no request");
        ask(session, "/lines");
        until("three lines", () -> router.logged.size() >= 3);
        ask(session, "/lines");
        until("three more", () -> router.logged.size() >= 6);

        assertThat(router.logged).extracting(FakeRouter.Logged::stream).containsExactly(1, 1, 1, 2, 2, 2);
        assertThat(router.logged)
                .extracting(logged -> logged.line().level())
                .startsWith(LogLine.INFO, LogLine.WARNING, LogLine.ERROR);
        assertThat(router.logged.get(0).line().logger()).isEqualTo("shop.Cart");
        assertThat(messages()).startsWith("item 3", "late");
        assertThat(messages().get(2)).startsWith("broken\njava.lang.IllegalStateException: why\n\tat ");
    }

    @Test
    void linesAreHeardAgainAfterTheLibraryWasConfiguredAnew() throws Exception {
        Object logger = logger("org.slf4j.LoggerFactory", "shop.Cart");
        container.at("/lines", request -> {
            log(logger, "org.slf4j.Logger", "warn", "line");
            return "ok";
        });
        Session session = start();
        Object context = Class.forName("org.slf4j.LoggerFactory", true, application)
                .getMethod("getILoggerFactory")
                .invoke(null);
        context.getClass().getMethod("reset").invoke(context);

        until("a line", () -> {
            ask(session, "/lines");
            return !router.logged.isEmpty();
        });
    }

    @Test
    void whatTheApplicationKeepsByThreadFollowsItsTasks() throws Exception {
        Class<?> mdc = Class.forName("org.slf4j.MDC", true, application);
        Class<?> threadContext = Class.forName("org.apache.logging.log4j.ThreadContext", true, application);
        Method put = mdc.getMethod("put", String.class, String.class);
        Method get = mdc.getMethod("get", String.class);
        Object logger = logger("org.slf4j.LoggerFactory", "shop.Cart");
        List<String> seen = new CopyOnWriteArrayList<>();
        container.at("/after", request -> {
            Thread thread = Thread.currentThread();
            ClassLoader before = thread.getContextClassLoader();
            thread.setContextClassLoader(application);
            try {
                put.invoke(null, "user", "ada");
                threadContext.getMethod("put", String.class, String.class).invoke(null, "user", "bob");
                for (int i = 0; i < 2; i++) {
                    var unused = tasks(request).apply(() -> {
                        seen.add(get.invoke(null, "user") + " "
                                + threadContext.getMethod("get", String.class).invoke(null, "user"));
                        put.invoke(null, "user", "eve");
                        log(logger, "org.slf4j.Logger", "info", "after");
                        return "done";
                    });
                }
                put.invoke(null, "user", "carl");
            } finally {
                thread.setContextClassLoader(before);
            }
            return "ok";
        });
        Session session = start("fluid.wait-until.max-threads", "1");
        ask(session, "/after");
        until("both tasks", () -> seen.size() == 2 && router.logged.size() == 2);

        assertThat(seen)
                .as("as it was when each was made, and nothing of the task before")
                .containsOnly("ada bob");
        assertThat(messages()).containsExactly("after", "after");
        assertThat(router.logged).extracting(FakeRouter.Logged::stream).containsOnly(1);
    }

    @SuppressWarnings("unchecked")
    private static Function<Callable<Object>, CompletableFuture<Object>> tasks(FakeContainer.Request request) {
        Object context = request.scope.requestAttributes().get(RequestScope.CONTEXT_ATTRIBUTE);
        return (Function<Callable<Object>, CompletableFuture<Object>>)
                ((Function<String, Object>) context).apply("runAfterResponse");
    }

    @Test
    void anApplicationThatIsGoneIsNotHeldOnTo() throws Exception {
        Object logger = logger("org.slf4j.LoggerFactory", "ROOT");
        start();
        Method byName = logger.getClass().getMethod("getAppender", String.class);
        assertThat(byName.invoke(logger, LibraryAppender.NAME)).isNotNull();

        running.clear();
        instance.contextsChanged();

        assertThat(byName.invoke(logger, LibraryAppender.NAME)).isNull();
    }

    @Test
    void printedLinesGoToTheRouterWhenAskedFor() {
        container.at("/print", request -> {
            System.out.print("half ");
            System.out.println("and half");
            System.err.println("bad");
            return "ok";
        });
        PrintStream before = System.out;
        Session session = start("fluid.log.stdout", "true");
        System.out.println("of no request");
        ask(session, "/print");
        until("two lines", () -> router.logged.size() >= 2);

        assertThat(messages()).containsExactly("half and half", "bad");
        assertThat(router.logged)
                .extracting(logged -> logged.line().level())
                .containsExactly(LogLine.INFO, LogLine.WARNING);
        instance.close();
        assertThat(System.out).isSameAs(before);
    }
}
