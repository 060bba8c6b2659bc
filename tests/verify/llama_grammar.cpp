// llama.cpp's own grammar code behind two functions, without a model.
#include "llama-grammar.h"
#include "llama-impl.h"
#include "llama-vocab.h"
#include <cstdlib>
#include <string>

// The rest of llama.cpp, which grammars without a model never call.
void llama_log_internal(ggml_log_level, const char *, ...) {}
extern "C" void ggml_abort(const char *, int, const char *, ...) { std::abort(); }
const std::string & llama_vocab::token_to_piece(llama_token) const { std::abort(); }
bool llama_vocab::is_eog(llama_token) const { std::abort(); }
int32_t llama_vocab::tokenize(const char *, int32_t, llama_token *, int32_t, bool, bool) const { std::abort(); }

extern "C" {
void * gbnf_new(const char * text) {
    return llama_grammar_init_impl(nullptr, text, "root", false, nullptr, 0, nullptr, 0);
}
void gbnf_free(void * grammar) { llama_grammar_free_impl(static_cast<llama_grammar *>(grammar)); }
int gbnf_accepts(void * whole, const char * bytes, size_t length) {
    llama_grammar * grammar = llama_grammar_clone_impl(*static_cast<llama_grammar *>(whole));
    bool accepted = false;
    try {
        llama_grammar_accept_str(*grammar, std::string(bytes, length));
        for (const auto & stack : llama_grammar_get_stacks(grammar)) { accepted = accepted || stack.empty(); }
    } catch (const std::exception &) {}
    llama_grammar_free_impl(grammar);
    return accepted;
}
}
