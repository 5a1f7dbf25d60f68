/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class FrameTraceTest {

    @Test
    void linesAreAligned() {
        assertThat(FrameTrace.line(true, 100, FrameType.RESPONSE_BODY, 0, 3))
                .isEqualTo(">> 0x00000003   100 RESPONSE_BODY");
        assertThat(FrameTrace.line(false, 131_072, FrameType.REQUEST_STARTED, 1, 0x7FFFFFFF))
                .isEqualTo("<< 0x7fffffff 131072 REQUEST_STARTED  END");
        assertThat(FrameTrace.line(true, 2, FrameType.RESPONSE_END, 1, 3))
                .isEqualTo(">> 0x00000003     2 RESPONSE_END     MORE_WORK");
        assertThat(FrameTrace.line(true, 2, FrameType.CANCEL, 0x81, 3))
                .isEqualTo(">> 0x00000003     2 CANCEL           MORE_WORK|0x80");
        assertThat(FrameTrace.line(false, 8, FrameType.PING, 4, 0))
                .isEqualTo("<< 0x00000000     8 PING             0x4");
        assertThat(FrameTrace.line(false, 16_777_215, 0xE5, 0, -1)).isEqualTo("<< 0xffffffff 16777215 UNKNOWN_0xe5");
    }

    @Test
    void aBufferOfFramesGivesALineEachAndIsNotMoved() {
        ByteBuffer buffer = ByteBuffer.allocate(200);
        buffer.put((byte) 9);
        FrameWriter.ping(buffer, 1);
        FrameWriter.credit(buffer, 5, 10);
        FrameWriter.pong(buffer, 1);
        buffer.limit(buffer.position() - 1).position(1);
        assertThat(FrameTrace.lines(false, buffer))
                .containsExactly(
                        "<< 0x00000000     8 PING", "<< 0x00000005     4 CREDIT", "<< 0x00000000     8 PONG (cut)");
        assertThat(buffer.position()).isEqualTo(1);
    }
}
