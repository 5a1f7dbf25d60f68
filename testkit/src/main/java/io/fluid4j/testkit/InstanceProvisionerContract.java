/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.spi.provision.InstanceProvisionerProvider;
import io.fluid4j.spi.provision.ProvisionContext;
import io.fluid4j.spi.provision.ScaleOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/**
 * What every {@link InstanceProvisioner} and its provider promise. A test class of an implementor implements it, and says
 * how one sees from outside which instances there are.
 */
public interface InstanceProvisionerContract {

    /** Longer than any provisioner takes for anything, on a slow machine. */
    Duration DEADLINE = Duration.ofSeconds(60);

    /** Longer than any call but close may take. */
    Duration NO_BLOCKING = Duration.ofSeconds(2);

    /**
     * A new provider.
     *
     * @return the provider under test
     */
    InstanceProvisionerProvider provider();

    /**
     * What it is opened with; each has a folder of its own.
     *
     * @return the context
     */
    ProvisionContext context() throws Exception;

    /**
     * The instances that have been started and not been stopped, as seen from outside of the provisioner.
     *
     * @return their ids, or the ids of the orders for them
     */
    List<String> running();

    /** Its name can be written in a configuration, and the router finds it. */
    @Test
    default void serviceLoaderFindsIt() {
        InstanceProvisionerProvider provider = provider();
        assertThat(provider.name()).matches("[a-z0-9]+(-[a-z0-9]+)*").hasSizeLessThanOrEqualTo(64);
        List<Class<?>> found = new ArrayList<>();
        Class<?> mine = provider.getClass();
        ServiceLoader.load(InstanceProvisionerProvider.class, mine.getClassLoader())
                .forEach(one -> found.add(one.getClass()));
        assertThat(found).contains(mine);
    }

    /** An order brings an instance, which may be stopped by its id. */
    @Test
    default void startsAndStops() throws Exception {
        try (InstanceProvisioner provisioner = provider().open(context())) {
            assertThat(running()).isEmpty();
            ScaleOrder order = order(1);
            provisioner.start(order);
            await("it runs", () -> running().equals(List.of(order.instanceId())));
            assertThat(provisioner.owns(order.instanceId())).isTrue();
            provisioner.stop(order).toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            await("it has ended", () -> running().isEmpty());
        }
    }

    /** The same order twice is one instance; two orders are two. */
    @Test
    default void anOrderIsCarriedOutOnce() throws Exception {
        try (InstanceProvisioner provisioner = provider().open(context())) {
            ScaleOrder first = order(1);
            ScaleOrder second = order(2);
            provisioner.start(first);
            provisioner.start(new ScaleOrder(first.instanceId(), 1, "again"));
            provisioner.start(second);
            provisioner.start(second);
            await("both run", () -> running().size() == 2);
            assertThat(running()).containsExactlyInAnyOrder(first.instanceId(), second.instanceId());
            provisioner.stop(first);
            provisioner.stop(first).toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            await("one has ended", () -> running().equals(List.of(second.instanceId())));
            provisioner.stop(second).toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            await("both have ended", () -> running().isEmpty());
        }
    }

    /** To stop what nobody knows is no fault. */
    @Test
    default void stoppingAStrangerDoesNothing() throws Exception {
        try (InstanceProvisioner provisioner = provider().open(context())) {
            provisioner.stop(order(0)).toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            assertThat(running()).isEmpty();
        }
    }

    /** Orders are taken, not carried out by the caller's thread. */
    @Test
    default void ordersDoNotBlock() throws Exception {
        try (InstanceProvisioner provisioner = provider().open(context())) {
            // The quickest of some: a machine that has to do something else holds up one, who blocks holds up all.
            Duration quickest = DEADLINE;
            for (int i = 0; i < 3; i++) {
                ScaleOrder order = order(1);
                long began = System.nanoTime();
                provisioner.start(order);
                var stopped = provisioner.stop(order);
                Duration took = Duration.ofNanos(System.nanoTime() - began);
                quickest = took.compareTo(quickest) < 0 ? took : quickest;
                stopped.toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            }
            assertThat(quickest).isLessThan(NO_BLOCKING);
        }
    }

    /** Closing twice is harmless, and what is ordered afterwards fails by its stage. */
    @Test
    default void afterTheCloseOrdersFail() throws Exception {
        InstanceProvisioner provisioner = provider().open(context());
        provisioner.close();
        provisioner.close();
        assertThatThrownBy(() ->
                        provisioner.start(order(1)).toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS))
                .hasMessageContaining("closed");
        assertThat(running()).isEmpty();
    }

    /**
     * A fresh order.
     *
     * @param desired how many there should be then
     * @return the order
     */
    static ScaleOrder order(int desired) {
        byte[] id = new byte[16];
        new Random().nextBytes(id);
        return new ScaleOrder(HexFormat.of().formatHex(id), desired, "contract");
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).as(what).isNegative();
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }
}
