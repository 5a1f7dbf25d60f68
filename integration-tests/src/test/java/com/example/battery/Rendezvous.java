/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Places, named by the client, where requests leave words for one another and wait for them. Thread-safe. */
final class Rendezvous {

    /** Longer than any client of the battery waits, so that a missing word shows at the client. */
    private static final long LIMIT_SECONDS = 30;

    private static final ConcurrentMap<String, CompletableFuture<String>> PLACES = new ConcurrentHashMap<>();

    private Rendezvous() {}

    static CompletableFuture<String> at(String key) {
        return PLACES.computeIfAbsent(key, k -> new CompletableFuture<>());
    }

    /** Leaves a word; the first one counts. */
    static void leave(String key, String word) {
        at(key).complete(word);
    }

    static String await(String key) {
        try {
            return at(key).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            return "nothing came to " + key;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    static void forget(String key) {
        PLACES.remove(key);
    }
}
