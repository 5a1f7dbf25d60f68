/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.router.RouterExchange.Phase;
import io.fluid4j.router.explain.Choice;
import io.fluid4j.router.fleet.Fleet;
import io.fluid4j.router.fleet.PeerTunnel;
import io.fluid4j.router.fleet.Target;
import io.fluid4j.tunnel.OutboundStream;
import java.util.List;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/**
 * Where a request goes: picks an instance, hands the request over, goes elsewhere after a nack and waits when nobody is
 * free. What no instance here can serve goes to another router, unless it has come from one: never two hops. A request
 * goes elsewhere only when it is known not to have started (PROTOCOL.md P-5.3). Used inside the
 * exchange only.
 */
final class Dispatching {

    private static final long MAX_DEADLINE_MILLIS = 0xFFFF_FFFFL;

    private final RouterExchange exchange;
    private final RouterContext context;
    private final ExchangeOutcome outcome;
    private Attempts attempts = Attempts.FIRST;
    private @Nullable RequestBody body;
    private @Nullable SentRequest sent;
    private boolean expectsContinue;
    private long waitedSinceNanos;
    /** The tunnel that is being dialled for this request, and when that has taken too long. */
    private @Nullable PeerTunnel awaited;

    private long awaitedUntilNanos;
    private boolean hopped;

    Dispatching(RouterExchange exchange, RouterContext context, ExchangeOutcome outcome) {
        this.exchange = exchange;
        this.context = context;
        this.outcome = outcome;
    }

    void start(@Nullable RequestBody withBody) {
        body = withBody;
        expectsContinue = exchange.request().getHeaders().contains(HttpHeader.EXPECT);
        if (outcome.group().waiting().standsBefore(exchange)) {
            // First come first served: nobody overtakes those who wait for the same instances.
            waitForInstance();
        } else {
            dispatch();
        }
    }

    /** True while this is the instance that was asked last and has not refused. */
    boolean asks(SentRequest one) {
        return sent == one;
    }

    /** The instance wants the body (100 Continue). */
    void sendBody(OutboundStream to) {
        RequestBody waiting = body;
        if (expectsContinue && waiting != null) {
            expectsContinue = false;
            waiting.start(to);
        }
    }

    void onNacked(Target by, Nack nack) {
        ask(null);
        attempts = attempts.writable();
        attempts.nacked(by, nack, context.clock().nanos() - outcome.beganNanos());
        List<ExchangeOutcome.Refusal> refusals = attempts.refusals();
        outcome.refused(refusals);
        context.listener().onRefused(outcome, refusals.get(refusals.size() - 1));
        NackReason reason = nack.reason();
        if (by instanceof PeerTunnel peer) {
            peer.refused(outcome.group().name(), nack.retryAfterMillis());
        } else if (reason == NackReason.NOT_DEPLOYED
                && attempts.nowhereDeployed(outcome.group().instances().size())) {
            exchange.reject(Rejection.NOT_FOUND);
            return;
        }
        context.metrics().rerouted(reason);
        sendElsewhere(by);
    }

    /** There is proof that the request has not reached the instance. */
    void onNeverArrived(Target at) {
        ask(null);
        sendElsewhere(at);
    }

    /** Tells the instance to give up; its slot stays taken until the work has ended. */
    void cancel(ErrorCode code) {
        SentRequest on = sent;
        OutboundStream stream = on == null ? null : on.stream();
        if (stream != null) {
            stream.cancel(code);
        }
    }

    /** When waiting for an instance ends; nanoseconds. */
    long waitDeadline() {
        if (awaited != null) {
            return Math.min(exchange.requestDeadline(), awaitedUntilNanos);
        }
        return Math.min(exchange.requestDeadline(), waitedSinceNanos + context.maxWaitNanos());
    }

    /** Waiting has taken too long. */
    void onWaitOver() {
        PeerTunnel slow = awaited;
        if (slow == null) {
            exchange.reject(allNacked());
            return;
        }
        awaited = null;
        exclude(slow);
        goOn();
    }

    Rejection allNacked() {
        if (attempts.retries() > 0) {
            outcome.ending(ExchangeEnding.NACKED);
        }
        if (attempts.retries() == 0 && outcome.group().instances().isEmpty()) {
            return Rejection.NO_INSTANCE;
        }
        return Rejection.ALL_NACKED;
    }

    /**
     * Equal for requests that will do with the same instances and routers, so that there is none for all of them when there
     * is none for one: who waits has forgotten where it has been.
     */
    Object lane() {
        return new Lane(outcome.to().weights().reach(), exchange.request() instanceof PeerRequest);
    }

    private record Lane(Object reach, boolean forwarded) {}

    /**
     * An instance may have become free for this request, which the caller has taken out of the queue.
     *
     * @return false when there was none after all: it is back in the queue, and others of its lane need not try
     */
    boolean resume(WaitQueue.Turn<RouterExchange> turn) {
        Serial serial = exchange.serial();
        if (!serial.enter()) {
            // Its deadline is just being looked at, or its client has left: who does that goes on with it.
            serial.leave(() -> resumeInside(turn));
            return true;
        }
        try {
            return resumeInside(turn);
        } finally {
            serial.exit();
        }
    }

    private boolean resumeInside(WaitQueue.Turn<RouterExchange> turn) {
        if (exchange.phase() != Phase.WAITING) {
            return true;
        }
        FunctionGroup to = outcome.group();
        Instance free = to.pick(attempts, outcome.to().weights());
        if (free == null && (heldHere() || !elsewhere())) {
            to.waiting().putBack(turn);
            return false;
        }
        to.waiting().onServed(exchange);
        outcome.waited(context.clock().nanos());
        exchange.phase(Phase.WAITING, exchange.requestDeadline());
        dispatch(free);
        return true;
    }

    private void dispatch() {
        dispatch(outcome.group().pick(attempts, outcome.to().weights()));
    }

    /** Hands the request to an instance, or to the next one when none of its tunnels takes it; waits when there is none. */
    private void dispatch(@Nullable Instance first) {
        for (Instance instance = first;
                ;
                instance = outcome.group().pick(attempts, outcome.to().weights())) {
            if (instance == null) {
                if (heldHere() || !forward()) {
                    waitForInstance();
                }
                return;
            }
            if (handOver(instance, null)) {
                return;
            }
        }
    }

    /** True when the request is on its way, or has been turned down; false: somebody else has to be asked. */
    private boolean handOver(Target to, RequestHeadEncoder.@Nullable Forwarding forwarding) {
        HeadWriter head = head(forwarding);
        if (head == null) {
            exchange.reject(Rejection.BAD_FIELD);
            return true;
        }
        if (open(to, head)) {
            return true;
        }
        ask(null);
        exchange.phase(Phase.NEW, exchange.deadline());
        exclude(to);
        return false;
    }

    /** Somebody is connected here who can, or soon can, serve it. */
    private boolean heldHere() {
        return outcome.group().held(outcome.to().weights());
    }

    /** The fleet, for a request that may go to another router; null when it may not. */
    private @Nullable Fleet fleet() {
        return exchange.request() instanceof PeerRequest ? null : context.fleet();
    }

    private @Nullable PeerTunnel nextRouter(Fleet fleet) {
        return fleet.choose(
                outcome.group().name(), outcome.to().weights()::allows, tunnel -> attempts.hasBeenAt(tunnel));
    }

    /** True when another router could be asked. */
    private boolean elsewhere() {
        Fleet fleet = fleet();
        return fleet != null && nextRouter(fleet) != null;
    }

    /** Hands the request to another router that holds the function; false when there is none left. */
    private boolean forward() {
        Fleet fleet = fleet();
        if (fleet == null) {
            return false;
        }
        while (true) {
            PeerTunnel to = nextRouter(fleet);
            if (to == null) {
                return false;
            }
            if (!to.ready()) {
                awaitTunnel(to);
                if (awaited != null) {
                    return true;
                }
            }
            String route = outcome.to().name();
            if (to.ready()
                    && handOver(
                            to,
                            new RequestHeadEncoder.Forwarding(
                                    fleet.self(), outcome.group().name(), route))) {
                return true;
            }
            exclude(to);
        }
    }

    private void awaitTunnel(PeerTunnel to) {
        long now = context.clock().nanos();
        awaited = to;
        awaitedUntilNanos = now + context.maxDialNanos();
        outcome.waits(now);
        exchange.phase(Phase.WAITING, waitDeadline());
        if (!to.await(() -> exchange.serial().run(() -> onSettled(to)))) {
            awaited = null;
            outcome.waited(now);
            exchange.phase(Phase.NEW, exchange.requestDeadline());
        }
    }

    /** The dial for this request has ended, well or badly. */
    private void onSettled(PeerTunnel tunnel) {
        if (awaited == tunnel && exchange.phase() == Phase.WAITING) {
            awaited = null;
            goOn();
        }
    }

    private void goOn() {
        outcome.waited(context.clock().nanos());
        exchange.phase(Phase.NEW, exchange.requestDeadline());
        dispatch();
    }

    private @Nullable HeadWriter head(RequestHeadEncoder.@Nullable Forwarding forwarding) {
        long left = Math.max(1, (exchange.deadline() - context.clock().nanos()) / 1_000_000L);
        return RequestHeadEncoder.ofThread()
                .encode(
                        outcome.facts(),
                        body == null ? 0 : exchange.request().getLength(),
                        Math.min(left, MAX_DEADLINE_MILLIS),
                        forwarding,
                        outcome.span());
    }

    /** False when no tunnel there takes it. */
    private boolean open(Target to, HeadWriter head) {
        RequestBody with = body;
        SentRequest now =
                new SentRequest(exchange, exchange.serial(), to, context.clock().nanos());
        ask(now);
        Fleet fleet = context.fleet();
        if (fleet != null && to instanceof PeerTunnel) {
            hopped = true;
            context.listener().onForwarded(outcome, fleet);
        }
        exchange.phase(Phase.SENT, exchange.deadline());
        if (to instanceof Instance instance) {
            outcome.found(standing(instance));
        }
        OutboundStream stream = to.open(head, with == null, now);
        if (stream == null) {
            return false;
        }
        now.opened(stream);
        context.listener().onSent(outcome, stream);
        if (sent == now && with != null && !expectsContinue) {
            with.start(stream);
        }
        return true;
    }

    /** How the instance stands before it has this request. */
    private Choice.Standing standing(Instance instance) {
        if (instance.connectedSince(outcome.beganNanos())) {
            return Choice.Standing.NEW;
        }
        return instance.active() ? Choice.Standing.ACTIVE : Choice.Standing.IDLE;
    }

    private void ask(@Nullable SentRequest on) {
        sent = on;
        outcome.asked(on == null ? null : on.target());
    }

    private void exclude(Target target) {
        attempts = attempts.writable();
        attempts.exclude(target);
    }

    private void waitForInstance() {
        FunctionGroup to = outcome.group();
        boolean nobodyYet = to.instances().isEmpty() && !hopped && !to.pooled() && context.starting();
        if (!to.recovering() && !nobodyYet) {
            if (hopped && attempts.retries() > 0) {
                exchange.reject(allNacked());
                return;
            }
            exchange.reject(to.instances().isEmpty() ? Rejection.NO_INSTANCE : Rejection.DRAINING);
            return;
        }
        attempts.forgetExcluded();
        long now = context.clock().nanos();
        if (waitedSinceNanos == 0) {
            waitedSinceNanos = now;
        }
        outcome.waits(now);
        exchange.phase(Phase.WAITING, exchange.deadline());
        long maxWaitNanos = waitedSinceNanos + context.maxWaitNanos() - now;
        if (!to.waiting().offer(exchange, context.maxWaiting(), maxWaitNanos, to.growing())) {
            exchange.reject(allNacked());
            return;
        }
        exchange.phase(Phase.WAITING, waitDeadline());
    }

    /** A nack, or proof that it never arrived: the request is whole and may go elsewhere. */
    private void sendElsewhere(Target refusing) {
        exclude(refusing);
        exchange.phase(Phase.NEW, exchange.deadline());
        RequestBody with = body;
        if (with != null) {
            with.detach();
            if (!with.replayable()) {
                exchange.reject(allNacked());
                return;
            }
        }
        if (attempts.retries() >= context.maxAttempts()) {
            exchange.reject(allNacked());
            return;
        }
        Instance next = outcome.group().pick(attempts, outcome.to().weights());
        // Who waits burdens nobody: only a request that somebody else gets at once is paid for.
        if (next != null && !outcome.group().retries().tryRetry()) {
            exchange.reject(allNacked());
            return;
        }
        dispatch(next);
    }
}
