/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.frame.Health;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two deployments of one function, each with an instance that takes one request at a time: nobody waits for the other. */
@Timeout(120)
class DeploymentsWaitTest {

    private final List<RawClient> clients = new ArrayList<>();
    private Router router;
    private ScriptedInstance blue;
    private ScriptedInstance green;

    @BeforeEach
    void start() throws Exception {
        router = Router.create(RequestPathTest.config(
                        "fluid.router.max-wait",
                        "60s",
                        "fluid.route.blue.function",
                        "shop",
                        "fluid.route.blue.host",
                        "blue.example",
                        "fluid.route.blue.weight.blue",
                        "1",
                        "fluid.route.green.function",
                        "shop",
                        "fluid.route.green.host",
                        "green.example",
                        "fluid.route.green.weight.green",
                        "1",
                        "fluid.route.both.function",
                        "shop",
                        "fluid.route.both.host",
                        "both.example",
                        "fluid.route.both.weight.green",
                        "1",
                        "fluid.route.both.weight.blue",
                        "1",
                        "fluid.route.any.function",
                        "shop"))
                .start();
        blue = instance("blue");
        green = instance("green");
    }

    /** One that takes one request at a time, which the test answers. */
    private ScriptedInstance instance(String deployment) throws Exception {
        ScriptedInstance made =
                new ScriptedInstance(router.tunnelPort(), "shop", deployment, ScriptedInstance.Call::start).connected();
        made.state(Health.State.ACCEPTING, 1);
        await().until(() -> {
            Instance known = router.context().instances().find(made.id);
            return known != null && known.limit() == 1;
        });
        return made;
    }

    @AfterEach
    void stop() throws Exception {
        for (RawClient client : clients) {
            client.close();
        }
        blue.close();
        green.close();
        router.close();
    }

    private RawClient ask(String route) throws Exception {
        RawClient client = new RawClient(router.httpPort());
        clients.add(client);
        return client.send("GET / HTTP/1.1\r\nHost: " + route + ".example\r\n\r\n");
    }

    /** Returns when so many wait, this one among them. */
    private RawClient askInVain(String route, int waiting) throws Exception {
        RawClient client = ask(route);
        await().until(() -> router.context().instances().group("shop").waiting().size() == waiting);
        return client;
    }

    @Test
    void whoComesDoesNotWaitBehindThoseOfAnotherDeployment() throws Exception {
        ask("blue");
        ScriptedInstance.Call first = blue.call();
        RawClient second = askInVain("blue", 1);
        RawClient other = ask("green");
        green.call().answer(200, "green");
        assertThat(other.answer().text()).isEqualTo("green");
        RawClient both = ask("both");
        green.call().answer(200, "green too");
        assertThat(both.answer().text()).isEqualTo("green too");
        RawClient any = ask("any");
        green.call().answer(200, "any");
        assertThat(any.answer().text()).isEqualTo("any");
        first.answer(200, "");
        blue.call().answer(200, "blue");
        assertThat(second.answer().text()).isEqualTo("blue");
    }

    @Test
    void whoWaitsIsServedWhenItsOwnDeploymentIsFree() throws Exception {
        ask("blue");
        ScriptedInstance.Call heldThroughout = blue.call();
        ask("green");
        ScriptedInstance.Call held = green.call();
        RawClient behindBlue = askInVain("blue", 1);
        RawClient behindGreen = askInVain("green", 2);
        held.answer(200, "");
        green.call().answer(200, "green");
        assertThat(behindGreen.answer().text()).isEqualTo("green");
        heldThroughout.answer(200, "");
        blue.call().answer(200, "blue");
        assertThat(behindBlue.answer().text()).isEqualTo("blue");
    }

    /** A deployment that nobody serves any more holds up nobody but its own requests. */
    @Test
    void deploymentThatHasGoneHoldsNobodyUp() throws Exception {
        ask("green");
        ScriptedInstance.Call held = green.call();
        blue.close();
        await().until(() -> router.instances() == 1);
        RawClient lost = askInVain("blue", 1);
        RawClient next = askInVain("any", 2);
        held.answer(200, "");
        green.call().answer(200, "green");
        assertThat(next.answer().text()).isEqualTo("green");
        blue = instance("blue");
        blue.call().answer(200, "blue again");
        assertThat(lost.answer().text()).isEqualTo("blue again");
    }

    /** Whoever may go to either, and whoever may only go to one, take turns there. */
    @Test
    void thoseWhoShareADeploymentTakeTurns() throws Exception {
        ask("blue");
        blue.call();
        ask("green");
        ScriptedInstance.Call held = green.call();
        int waiting = 0;
        List<RawClient> asked = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            asked.add(askInVain("green", ++waiting));
        }
        for (int i = 0; i < 3; i++) {
            asked.add(askInVain("both", ++waiting));
        }
        List<String> served = new ArrayList<>();
        for (int i = 0; i < asked.size(); i++) {
            held.answer(200, "");
            held = green.call();
            served.add(held.head.authority());
        }
        held.answer(200, "");
        assertThat(served)
                .containsExactly(
                        "green.example",
                        "both.example",
                        "green.example",
                        "both.example",
                        "green.example",
                        "both.example");
    }
}
