/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.router.provision.Fleet;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** The router's instances as the pools see them. For any thread. */
final class ProvisionedFleet implements Fleet {

    private final InstanceTable instances;
    private final AdminHandler.Operations operations;

    ProvisionedFleet(InstanceTable instances, AdminHandler.Operations operations) {
        this.instances = instances;
        this.operations = operations;
    }

    @Override
    public List<Member> members(String function) {
        List<Member> members = new ArrayList<>();
        for (Instance instance : instances.group(function).instances()) {
            members.add(new Member(
                    instance.instanceId(),
                    instance.draining(),
                    instance.load(),
                    TimeUnit.MILLISECONDS.toNanos(instance.connectedMillis())));
        }
        return members;
    }

    @Override
    public int desired(String function) {
        FunctionGroup group = instances.group(function);
        return DesiredInstances.of(group.staying(), group.waiting().size());
    }

    @Override
    public int waiting(String function) {
        return instances.group(function).waiting().size();
    }

    @Override
    public void expect(String function, int starting, boolean mayGrow) {
        instances.group(function).expect(starting, mayGrow);
    }

    @Override
    public CompletionStage<?> drain(String instanceId, Duration timeout) {
        Instance instance = instances.find(instanceId);
        return instance == null
                ? CompletableFuture.failedFuture(new IOException("the instance has gone"))
                : operations.drain(instance, timeout);
    }
}
