/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.Fluid;
import io.fluid4j.frame.NackReason;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A Jetty that an application starts itself: one connector added by hand, contexts that come and go. */
@Timeout(150)
class EmbeddedTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final TestRouter router = new TestRouter();
    private final AtomicInteger tasks = new AtomicInteger();
    private final Server server = new Server(new QueuedThreadPool() {
        @Override
        public void execute(Runnable job) {
            tasks.incrementAndGet();
            super.execute(job);
        }
    });
    private final ContextHandlerCollection contexts = new ContextHandlerCollection(true);
    private FluidConnector connector;

    @BeforeEach
    void start() throws Exception {
        Config config = Config.builder()
                .role(Role.INSTANCE)
                .systemProperties(new Properties())
                .environment(Map.of())
                .noDefaultFiles()
                .explicit(Map.of(
                        "fluid.function",
                        "embedded",
                        "fluid.router.urls",
                        router.url(),
                        "fluid.tunnel.secret",
                        TestRouter.SECRET,
                        // How busy this machine is must not decide what is refused here.
                        "fluid.admission.scheduler-lag",
                        "off",
                        "fluid.admission.queue-delay",
                        "off",
                        "fluid.admission.cpu-throttled",
                        "off",
                        "fluid.admission.gc-time",
                        "off",
                        "fluid.admission.memory",
                        "off",
                        // Long, so that nothing here is found by a look now and then.
                        "fluid.health.interval",
                        "10s"))
                .build();
        connector = new FluidConnector(server, config);
        server.addConnector(connector);
        server.setHandler(contexts);
        contexts.addHandler(context("/one"));
        contexts.addHandler(context("/two"));
        server.start();
        assertThat(router.nextTunnel(PATIENCE)).isNotNull();
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
        router.close();
    }

    private static ServletContextHandler context(String path) {
        ServletContextHandler context = new ServletContextHandler(path);
        context.addServlet(
                new ServletHolder(new HttpServlet() {
                    private static final long serialVersionUID = 1;

                    @Override
                    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
                        response.getWriter().print(path + " " + Fluid.current().function());
                    }
                }),
                "/*");
        return context;
    }

    private void assertNotDeployed(String target) {
        assertThat(router.send(Req.get(target)).outcome())
                .startsWith("nack")
                .contains("reasonNumber=" + NackReason.NOT_DEPLOYED.number() + ",");
    }

    @Test
    void requestsAreServed() throws Exception {
        assertThat(connector.getDeployment()).isEqualTo("embedded@default");
        assertThat(router.session().peerHello().function()).isEqualTo("embedded");
        assertThat(router.get("/one/x").text()).isEqualTo("/one embedded");
        assertThat(router.get("/two/x").text()).isEqualTo("/two embedded");
        assertThat(router.get("/three").status()).isEqualTo(404);
    }

    @Test
    void contextThatStopsTakesNoMoreRequestsFromThatMomentOn() throws Exception {
        ServletContextHandler two =
                (ServletContextHandler) contexts.getHandlers().get(1);
        two.stop();
        assertNotDeployed("/two/x");
        assertThat(router.get("/one/x").status()).isEqualTo(200);
        two.start();
        assertThat(router.get("/two/x").text()).isEqualTo("/two embedded");
    }

    @Test
    void contextsComeAndGoWhileTheServerRuns() throws Exception {
        ServletContextHandler late = context("/late");
        assertThat(router.get("/late/x").status()).isEqualTo(404);
        contexts.addHandler(late);
        late.start();
        assertThat(router.get("/late/x").text()).isEqualTo("/late embedded");
        late.stop();
        contexts.removeHandler(late);
        assertNotDeployed("/late/x");
        assertThat(router.get("/one/x").status()).isEqualTo(200);
    }

    @Test
    void applicationThatDoesNotEndAfterItsCancelIsRemindedNowAndThenOnly() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        AtomicReference<AsyncContext> held = new AtomicReference<>();
        ServletContextHandler deaf = new ServletContextHandler("/deaf");
        deaf.addServlet(
                new ServletHolder(new HttpServlet() {
                    private static final long serialVersionUID = 1;

                    @Override
                    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
                        AsyncContext async = request.startAsync();
                        async.setTimeout(0);
                        held.set(async);
                        response.getOutputStream().setWriteListener(new WriteListener() {
                            @Override
                            public void onWritePossible() throws IOException {
                                while (response.getOutputStream().isReady()) {
                                    response.getOutputStream().write(new byte[8192]);
                                }
                            }

                            @Override
                            public void onError(Throwable failure) {
                                told.countDown(); // and does not complete
                            }
                        });
                    }
                }),
                "/*");
        deaf.getServletHandler().getServlets()[0].setAsyncSupported(true);
        contexts.addHandler(deaf);
        deaf.start();
        Call call = router.send(Req.get("/deaf/x").stalled());
        call.awaitReceived(10_000);

        call.cancel();
        assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();
        int before = tasks.get();
        CountDownLatch later = new CountDownLatch(1);
        server.getScheduler().schedule(later::countDown, 500, TimeUnit.MILLISECONDS);
        assertThat(later.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(tasks.get() - before).isLessThan(100);
        held.get().complete();
    }

    @Test
    void responseWithTrailersAnnouncesNoLength() throws Exception {
        ServletContextHandler trailers = new ServletContextHandler("/trailers");
        trailers.addServlet(
                new ServletHolder(new HttpServlet() {
                    private static final long serialVersionUID = 1;

                    @Override
                    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
                        response.setTrailerFields(() -> Map.of("X-Sum", "42"));
                        response.getWriter().print("small");
                    }
                }),
                "/*");
        contexts.addHandler(trailers);
        trailers.start();
        Call call = router.get("/trailers/x");
        assertThat(call.text()).isEqualTo("small");
        assertThat(call.head().contentLength())
                .as("HTTP/1.1 has trailers in chunked bodies only")
                .isEqualTo(-1);
    }

    @Test
    void routersHearOfTheEndOfTheServerFirst() throws Exception {
        server.stop();
        assertThat(router.awaitDrain(PATIENCE)).isNotNull();
    }
}
