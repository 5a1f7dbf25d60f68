/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Every event as one line of text, bodies put together again. */
final class EventLog implements FrameEvents {

    private static final HexFormat HEX = HexFormat.of();

    final List<String> lines = new ArrayList<>();
    private final StringBuilder body = new StringBuilder();
    private int bodyBytes;

    @Override
    public void onHello(Hello hello, byte[] payload) {
        lines.add("HELLO versions " + hello.lowestVersion() + "-" + hello.highestVersion() + " " + hello.role()
                + " authentication " + hello.authentication() + " nonce " + hex(hello.nonce()) + " settings "
                + settings(hello.settings()) + " id " + hello.instanceId() + " function " + hello.function()
                + " deployment " + hello.deployment() + " region " + hello.region() + " zone " + hello.zone()
                + " container " + hello.container() + " group " + hex(hello.sessionGroup()) + " key "
                + hex(hello.keyId()) + " lifetime " + hello.lifetimeLeftMillis() + " capacity " + hello.capacity()
                + " memory " + hello.memoryBytes() + " processors " + hello.processorThousandths() + " affinity "
                + hello.affinityRoute() + " software " + hello.software());
    }

    @Override
    public void onChallenge(Challenge challenge, byte[] payload) {
        lines.add("CHALLENGE version " + challenge.version() + " authentication " + challenge.authentication()
                + " nonce " + hex(challenge.nonce()));
    }

    @Override
    public void onProof(byte[] proof) {
        lines.add("PROOF " + hex(proof));
    }

    @Override
    public void onWelcome(Welcome welcome, byte[] proof, byte[] rest) {
        lines.add("WELCOME proof " + hex(proof) + " settings " + settings(welcome.settings()) + " region "
                + welcome.region() + " zone " + welcome.zone() + " router " + welcome.routerId() + " routers "
                + welcome.routers() + " software " + welcome.software());
    }

    @Override
    public void onRequestStarted(int stream, RequestHead head) {
        StringBuilder line = new StringBuilder("REQUEST_STARTED " + stream + " " + head.method() + " " + head.scheme()
                + " " + Integer.toHexString(head.protocol()) + " hops " + head.hops() + " length "
                + head.contentLength() + " deadline " + head.deadlineMillis() + " id " + head.requestId() + " target "
                + head.targetString() + " authority " + head.authority() + " remote " + head.remote() + " "
                + head.remotePort() + " local " + head.local() + " " + head.localPort() + " "
                + fields(head.fields()));
        if (head.traceParent() != null) {
            line.append(" trace ").append(head.traceParent()).append(' ').append(head.traceState());
        }
        TlsInfo tls = head.tls();
        if (tls != null) {
            line.append(" tls ").append(tls.protocol()).append(' ').append(tls.cipherSuite());
            line.append(' ').append(tls.keyBits()).append(' ').append(tls.sessionId());
        }
        if (!head.clientCertificates().isEmpty()) {
            line.append(" certificates ");
            line.append(head.clientCertificates().stream().map(HEX::formatHex).collect(Collectors.toList()));
        }
        line.append(head.affinity() == null ? "" : " affinity " + head.affinity());
        line.append(head.upgrade() == null ? "" : " upgrade " + head.upgrade());
        line.append(head.routersPassed() == null ? "" : " routers " + head.routersPassed());
        lines.add(line.append(head.endOfRequest() ? " END" : "").toString());
    }

    @Override
    public void onResponseStarted(int stream, ResponseHead head) {
        lines.add("RESPONSE_STARTED " + stream + " " + response(head));
    }

    @Override
    public void onInterim(int stream, ResponseHead head) {
        lines.add("RESPONSE_INTERIM " + stream + " " + response(head));
    }

    @Override
    public void onBody(FrameType type, int stream, ByteBuffer slice, int frameLength, boolean last) {
        byte[] octets = new byte[slice.remaining()];
        slice.get(octets);
        bodyBytes += octets.length;
        body.append(hex(octets));
        if (last) {
            if (bodyBytes != frameLength) {
                lines.add("WRONG LENGTH " + bodyBytes + " instead of " + frameLength);
            }
            lines.add(type + " " + stream + " " + body);
            body.setLength(0);
            bodyBytes = 0;
        }
    }

    @Override
    public void onRequestEnd(int stream, Fields trailers) {
        lines.add("REQUEST_END " + stream + " " + fields(trailers));
    }

    @Override
    public void onResponseEnd(int stream, Fields trailers, Usage usage, boolean moreWork) {
        lines.add("RESPONSE_END " + stream + " " + fields(trailers) + usage(usage) + moreWork(moreWork));
    }

    @Override
    public void onAccepted(int stream) {
        lines.add("ACCEPTED " + stream);
    }

    @Override
    public void onNack(int stream, Nack nack) {
        lines.add("NACK " + stream + " " + nack.reason() + " " + nack.reasonNumber() + " retry "
                + nack.retryAfterMillis() + " health " + nack.healthSequence() + " value " + nack.valueThousandths()
                + " signal " + nack.signal());
    }

    @Override
    public void onCancel(int stream, int code, String detail, Usage usage, boolean moreWork) {
        lines.add("CANCEL " + stream + " " + ErrorCode.of(code) + " " + code + " \"" + detail + "\"" + usage(usage)
                + moreWork(moreWork));
    }

    @Override
    public void onWorkEnd(int stream, Usage usage) {
        lines.add("WORK_END " + stream + usage(usage));
    }

    @Override
    public void onCredit(int stream, int increment) {
        lines.add("CREDIT " + stream + " " + increment);
    }

    @Override
    public void onPing(long octets) {
        lines.add("PING " + HEX.toHexDigits(octets));
    }

    @Override
    public void onPong(long octets) {
        lines.add("PONG " + HEX.toHexDigits(octets));
    }

    @Override
    public void onDrain(Drain drain) {
        lines.add("DRAIN " + drain.reason() + " " + drain.reasonNumber() + " timeout " + drain.timeoutMillis()
                + " path \"" + drain.path() + "\" routers " + drain.routers());
    }

    @Override
    public void onClose(Close close) {
        lines.add("CLOSE " + close.code() + " " + close.codeNumber() + " \"" + close.detail() + "\"");
    }

    @Override
    public void onAsk(Ask ask) {
        lines.add("ASK " + ask.action() + " " + ask.timeoutMillis());
    }

    @Override
    public void onDrained(Drained drained) {
        lines.add(
                "DRAINED finished " + drained.finished() + " cut " + drained.cut() + " after " + drained.afterMillis());
    }

    @Override
    public void onHealth(Health health) {
        lines.add("HEALTH " + health.sequence() + " time " + health.timeMillis() + " " + health.state() + " in flight "
                + health.inFlight() + " limit " + health.limit() + " tasks " + health.tasksAfterResponse() + " "
                + health.signals().stream()
                        .map(signal -> signal.name() + " " + signal.status() + " " + signal.headroomThousandths() + " "
                                + signal.valueThousandths())
                        .collect(Collectors.toList()));
    }

    @Override
    public void onLog(int stream, LogLine line) {
        lines.add("LOG " + stream + " " + line.timeMillis() + " " + line.level() + " dropped " + line.droppedBefore()
                + " " + line.logger() + " \"" + line.message() + "\"");
    }

    @Override
    public void onUsage(int stream, Usage usage) {
        lines.add("USAGE " + stream + usage(usage));
    }

    @Override
    public void onProcessUsage(Map<String, Long> nanosByKind) {
        lines.add("PROCESS_USAGE " + nanosByKind);
    }

    @Override
    public void onStreamError(int stream, FrameType type, ErrorCode code, String detail) {
        lines.add("STREAM_ERROR " + stream + " " + type + " " + code);
    }

    @Override
    public void onUnknown(int type, int length) {
        lines.add("UNKNOWN " + Integer.toHexString(type) + " " + length);
    }

    static String fields(Fields fields) {
        List<String> parts = new ArrayList<>();
        Fields.Cursor cursor = fields.cursor();
        while (cursor.next()) {
            parts.add(cursor.index() + " " + cursor.name() + "=" + cursor.value());
        }
        if (parts.size() != fields.size()) {
            parts.add("WRONG SIZE " + fields.size());
        }
        return parts.toString();
    }

    private static String response(ResponseHead head) {
        return head.status() + " length " + head.contentLength() + " " + fields(head.fields());
    }

    private static String usage(Usage usage) {
        return usage == null
                ? ""
                : " usage " + usage.flags() + " " + usage.activeCpuNanos() + " " + usage.apportionedCpuNanos() + " "
                        + usage.wallNanos() + " " + usage.allocatedBytes();
    }

    private static String moreWork(boolean moreWork) {
        return moreWork ? " MORE_WORK" : "";
    }

    private static String settings(Settings settings) {
        return settings.maxFrameBytes() + " " + settings.streamWindowBytes() + " " + settings.sessionWindowBytes() + " "
                + settings.maxStreams() + " " + settings.maxHeadBytes() + " " + settings.pingIntervalMillis() + " "
                + settings.healthIntervalMillis();
    }

    private static String hex(byte[] octets) {
        return HEX.formatHex(octets);
    }
}
