/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** The last requests that have ended, and apart from them the last that failed: a flood of good ones hides no bad one. */
final class RequestStories {

    private static final int FIRST_FAILURE = 400;

    private final @Nullable Ring recent;
    private final @Nullable Ring failed;

    /** Keeps that many of each kind; 0 keeps none. */
    RequestStories(int keep) {
        recent = keep == 0 ? null : new Ring(keep);
        failed = keep == 0 ? null : new Ring(Math.max(1, keep / 10));
    }

    void add(RequestStory story) {
        Ring all = recent;
        Ring bad = failed;
        if (all != null && bad != null) {
            all.add(story);
            if (story.status() >= FIRST_FAILURE || story.ending() != ExchangeEnding.COMPLETE) {
                bad.add(story);
            }
        }
    }

    /** The story of a request, or null when it is not kept any more. */
    @Nullable
    RequestStory find(String id) {
        byte[] wanted;
        try {
            wanted = HexFormat.of().parseHex(id);
        } catch (IllegalArgumentException e) {
            return null;
        }
        Ring all = recent;
        Ring bad = failed;
        if (all == null || bad == null) {
            return null;
        }
        RequestStory found = all.find(wanted);
        return found != null ? found : bad.find(wanted);
    }

    private static final class Ring {
        private final AtomicReferenceArray<RequestStory> places;
        private final AtomicLong next = new AtomicLong();

        Ring(int size) {
            places = new AtomicReferenceArray<>(size);
        }

        void add(RequestStory story) {
            places.setRelease((int) (next.getAndIncrement() % places.length()), story);
        }

        @Nullable
        RequestStory find(byte[] id) {
            for (int i = 0; i < places.length(); i++) {
                RequestStory story = places.getAcquire(i);
                if (story != null && Arrays.equals(story.id(), id)) {
                    return story;
                }
            }
            return null;
        }
    }
}
