/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.frame.Close;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two peers of either role against each other. */
class WirePeerTest {

    private WirePeer.Listener listener;
    private WirePeer instance;
    private WirePeer router;

    @BeforeEach
    void connect() throws Exception {
        listener = WirePeer.listen();
        instance = WirePeer.dial(listener.port());
        router = listener.accept();
    }

    @AfterEach
    void close() throws Exception {
        instance.close();
        router.close();
        listener.close();
        instance.close();
    }

    @Test
    void bothRolesDoTheHandshakeAndExchangeARequest() throws Exception {
        handshake("a secret");
        router.get(1, "/hello");
        WireFrame request = instance.await(FrameType.REQUEST_STARTED);
        assertThat(request.stream()).isEqualTo(1);
        assertThat(request.flags()).isEqualTo(1);
        instance.respond(1, 200, "hello");
        assertThat(router.await(FrameType.RESPONSE_STARTED, 1).u16(0)).isEqualTo(200);
        assertThat(new String(router.awaitBody(1), UTF_8)).isEqualTo("hello");
        assertThat(instance.await(FrameType.CREDIT, 0).u32(0)).isEqualTo(5);
        assertThat(router.trace())
                .contains(
                        ">> 0x00000001    70 REQUEST_STARTED  END",
                        "<< 0x00000001     5 RESPONSE_BODY",
                        ">> 0x00000000     4 CREDIT");
    }

    @Test
    void theWrongSecretIsNoticedByTheAcceptor() {
        CompletableFuture<WireFrame> dialling = CompletableFuture.supplyAsync(() -> {
            try {
                return instance.handshakeAsDialler(WirePeer.instance("shop"), "one secret");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        assertThatThrownBy(() -> router.handshakeAsAcceptor("another secret"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("dialler's proof");
        assertThat(dialling).isNotDone();
    }

    @Test
    void framesOfOtherTypesStayToBeAwaited() throws Exception {
        instance.healthy(1).nack(3, Nack.of(NackReason.LIMIT, 0, 1)).healthy(2);
        assertThat(router.await(FrameType.NACK, 3).u16(0)).isEqualTo(NackReason.LIMIT.number());
        assertThat(router.await(FrameType.HEALTH).u32(0)).isEqualTo(1);
        assertThat(router.await(FrameType.HEALTH).u32(0)).isEqualTo(2);
    }

    @Test
    void aRoundTripProvesThatNothingElseCame() throws Exception {
        router.cancel(9, ErrorCode.CLIENT_GONE).roundTrip().assertNone(FrameType.CLOSE);
        instance.roundTrip();
        assertThatThrownBy(() -> instance.assertNone(FrameType.CANCEL))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("unexpected << 0x00000009     3 CANCEL");
    }

    @Test
    void aWaitHasADeadlineAndTellsTheTrace() throws Exception {
        instance.healthy(1);
        router.await(FrameType.HEALTH);
        router.deadline(Duration.ofMillis(50));
        assertThatThrownBy(() -> router.await(FrameType.PONG))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("no PONG within PT0.05S")
                .hasMessageContaining("<< 0x00000000    24 HEALTH");
    }

    @Test
    void anEndIsSeenAndWhatCameBeforeStays() throws Exception {
        instance.encode(buffer -> FrameWriter.close(buffer, Close.of(ErrorCode.SHUTDOWN, "bye")));
        instance.close();
        router.awaitEnd();
        router.awaitClose(ErrorCode.SHUTDOWN);
        assertThatThrownBy(() -> router.await(FrameType.PONG))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("connection ended without PONG");
    }

    @Test
    void aPeerThatDoesNotReadStallsTheOther() throws Exception {
        router.pauseReading();
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            try {
                for (int i = 0; i < 400; i++) {
                    instance.body(FrameType.RESPONSE_BODY, 1, new byte[65_536]);
                }
                instance.encode(buffer -> FrameWriter.responseEnd(buffer, 1, null, null, false));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        assertThatThrownBy(() -> sending.get(200, TimeUnit.MILLISECONDS))
                .isInstanceOf(java.util.concurrent.TimeoutException.class);
        router.resumeReading();
        assertThat(router.awaitBody(1)).hasSize(400 * 65_536);
        sending.get(30, TimeUnit.SECONDS);
    }

    @Test
    void rawOctetsAndPartsOfFramesCanBeSent() throws Exception {
        instance.sendHex("00 00 08 21 00").sendHex("00000000 0102030405060708");
        assertThat(instance.await(FrameType.PONG).hex()).isEqualTo("0102030405060708");
        router.answerPings(false);
        instance.ping(5);
        assertThat(router.await(FrameType.PING).hex()).isEqualTo("0000000000000005");
    }

    private void handshake(String secret) throws Exception {
        CompletableFuture<WireFrame> dialling = CompletableFuture.supplyAsync(() -> {
            try {
                return instance.handshakeAsDialler(WirePeer.instance("shop"), secret);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        router.handshakeAsAcceptor(secret);
        assertThat(dialling.get(30, TimeUnit.SECONDS).is(FrameType.WELCOME)).isTrue();
    }
}
