/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.nio.ByteBuffer;

/**
 * Everything of a response that follows the question, encoded: the answer section, then the additional section. Names in
 * it may point into the question, which has the same length in every query for this name. Immutable.
 */
final class Answer {

    private final byte[] records;
    private final int answerBytes;
    private final int answers;
    private final int additionals;

    /**
     * @param records both sections, owned from now on
     * @param answerBytes how much of it is the answer section
     * @param answers records in the answer section
     * @param additionals records in the additional section
     */
    Answer(byte[] records, int answerBytes, int answers, int additionals) {
        this.records = records;
        this.answerBytes = answerBytes;
        this.answers = answers;
        this.additionals = additionals;
    }

    int bytes() {
        return records.length;
    }

    int answerBytes() {
        return answerBytes;
    }

    int answers() {
        return answers;
    }

    int additionals() {
        return additionals;
    }

    void copyTo(ByteBuffer message, int at, int length) {
        message.put(at, records, 0, length);
    }
}
