/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NameTableTest {

    private final NameTable table = new NameTable();

    @Test
    void behavesLikeAMap() {
        Map<String, NameEntry> model = new HashMap<>();
        Random random = new Random(7);
        for (int i = 0; i < 200_000; i++) {
            String name = "n" + random.nextInt(3_000);
            if (random.nextInt(3) == 0) {
                table.remove(entry(name));
                model.remove(name);
            } else {
                NameEntry entry = entry(name);
                table.put(entry);
                model.put(name, entry);
            }
            if (i % 1_000 == 0) {
                for (int n = 0; n < 3_000; n++) {
                    assertThat(find("n" + n)).isSameAs(model.get("n" + n));
                }
                assertThat(table.size()).isEqualTo(model.size());
            }
        }
    }

    @Test
    void readersNeverMissANameThatStays() throws Exception {
        for (int i = 0; i < 500; i++) {
            table.put(entry("stays" + i));
        }
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Long> reader = CompletableFuture.supplyAsync(() -> {
            long looks = 0;
            while (!done.get() || looks < 10_000) {
                if (find("stays" + looks % 500) == null) {
                    throw new AssertionError("stays" + looks % 500 + " was not found");
                }
                looks++;
            }
            return looks;
        });
        for (int round = 0; round < 200; round++) {
            for (int i = 0; i < 1_000; i++) {
                table.put(entry("comes" + i));
                table.put(entry("stays" + i % 500));
            }
            for (int i = 0; i < 1_000; i++) {
                table.remove(entry("comes" + i));
            }
        }
        done.set(true);
        assertThat(reader.get(60, TimeUnit.SECONDS)).isGreaterThanOrEqualTo(10_000);
    }

    private @Nullable NameEntry find(String name) {
        NameEntry key = entry(name);
        return table.find(ByteBuffer.wrap(key.name()), 0, key.name().length, key.hash());
    }

    private static NameEntry entry(String name) {
        return new NameEntry(AnswerEncoder.wire(AnswerEncoder.parse(name)), new Answer[NameEntry.SLOTS][]);
    }
}
