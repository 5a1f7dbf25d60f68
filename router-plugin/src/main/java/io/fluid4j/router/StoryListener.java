/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.time.Clock;
import org.jspecify.annotations.Nullable;

/** Writes the story of each request down, for the access log and for those who ask later. For any thread. */
final class StoryListener implements ExchangeListener {

    private final RequestStories stories;
    private final @Nullable AccessLog accessLog;
    private final Clock clock;

    StoryListener(RequestStories stories, @Nullable AccessLog accessLog, Clock clock) {
        this.stories = stories;
        this.accessLog = accessLog;
        this.clock = clock;
    }

    @Override
    public void onEnd(ExchangeOutcome outcome) {
        RequestStory story = RequestStory.of(outcome, clock.millis());
        stories.add(story);
        AccessLog log = accessLog;
        if (log != null) {
            log.add(story);
        }
    }
}
