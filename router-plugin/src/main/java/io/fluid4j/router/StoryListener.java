/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Usage;
import io.fluid4j.router.explain.Choice;
import io.fluid4j.router.fleet.Fleet;
import io.fluid4j.router.fleet.PeerTunnel;
import io.fluid4j.tunnel.OutboundStream;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

/** Writes the story of each request down, for the access log and for those who ask later. For any thread. */
final class StoryListener implements ExchangeListener {

    private final RequestStories stories;
    private final @Nullable AccessLog accessLog;
    private final boolean keeps;
    private final NanoClock nanoClock;
    private final Clock clock;

    StoryListener(
            RequestStories stories, @Nullable AccessLog accessLog, boolean keeps, NanoClock nanoClock, Clock clock) {
        this.keeps = keeps;
        this.nanoClock = nanoClock;
        this.stories = stories;
        this.accessLog = accessLog;
        this.clock = clock;
    }

    @Override
    public void onSent(ExchangeOutcome outcome, OutboundStream stream) {
        Instance instance = outcome.instance();
        if (keeps && instance != null) {
            outcome.chose(Choice.of(
                    instance,
                    outcome.found(),
                    outcome.group().instances(),
                    nanoClock.nanos() - outcome.beganNanos(),
                    outcome.choice()));
        }
    }

    @Override
    public void onForwarded(ExchangeOutcome outcome, Fleet fleet) {
        PeerTunnel peer = outcome.peer();
        String function = outcome.function();
        if (keeps && peer != null && function != null) {
            outcome.hopped(fleet.hop(function, peer, nanoClock.nanos() - outcome.beganNanos(), outcome.hop()));
        }
    }

    @Override
    public void onEnd(ExchangeOutcome outcome) {
        RequestStory story = RequestStory.of(outcome, clock.millis());
        stories.add(story);
        outcome.writtenDown(story);
        AccessLog log = accessLog;
        if (log != null) {
            log.add(story);
        }
    }

    @Override
    public void onUsage(ExchangeOutcome outcome, Usage total, @Nullable Usage before) {
        RequestStory story = outcome.story();
        if (story != null) {
            story.after().afterNanos = nanoClock.nanos() - outcome.beganNanos() - story.durationNanos();
            story.after().usage = total;
        }
    }
}
