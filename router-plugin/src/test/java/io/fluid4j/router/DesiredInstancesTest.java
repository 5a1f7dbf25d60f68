/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.testkit.TestCandidate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How many instances are asked for. */
class DesiredInstancesTest {

    private static List<TestCandidate> fleet(int count, int load) {
        List<TestCandidate> fleet = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            fleet.add(new TestCandidate("i" + i).limit(100).load(load));
        }
        return fleet;
    }

    @Test
    void oneIsTheLeast() {
        assertThat(DesiredInstances.of(List.of(), 0)).isEqualTo(1);
        assertThat(DesiredInstances.of(fleet(4, 0), 0)).isEqualTo(1);
    }

    @Test
    void theLoadDecides() {
        assertThat(DesiredInstances.of(fleet(4, 70), 0)).isEqualTo(4);
        assertThat(DesiredInstances.of(fleet(4, 71), 0)).isEqualTo(5);
        assertThat(DesiredInstances.of(fleet(4, 10), 0)).isEqualTo(1);
        assertThat(DesiredInstances.of(fleet(4, 100), 600)).isEqualTo(15);
    }

    @Test
    void whoWaitsOrIsTightWantsOneMore() {
        List<TestCandidate> paused = fleet(2, 10);
        paused.forEach(instance -> instance.available(false));
        assertThat(DesiredInstances.of(paused, 1)).isEqualTo(3);
        // One has just come, or recovered: it takes those who wait.
        paused.get(1).available(true);
        assertThat(DesiredInstances.of(paused, 1)).isEqualTo(1);
        List<TestCandidate> tight = fleet(2, 10);
        tight.forEach(instance -> instance.headroom(0.1));
        assertThat(DesiredInstances.of(tight, 0)).isEqualTo(3);
    }
}
