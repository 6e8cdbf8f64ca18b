/* words.c - the lists that generated records are made of. */
#include "words.h"

#define LIST(name, ...)                                      \
	static const char *const name##_w[] = {__VA_ARGS__}; \
	const struct word_list name = {name##_w, sizeof(name##_w) / sizeof(name##_w[0])}

LIST(khmer_words, "ការ", "បាន", "នៅ", "ក្នុង", "និង", "ដោយ", "ពី", "ទៅ", "ដែល", "ជា", "មាន",
    "មិន", "ត្រូវ", "ឱ្យ", "គាត់", "នាង", "ពួកគេ", "ថ្ងៃ", "ខែ", "ឆ្នាំ", "ម៉ោង", "ព្រឹក", "ល្ងាច",
    "យប់", "តុលាការ", "ប៉ូលិស", "ភ្នំពេញ", "កម្ពុជា", "សិទ្ធិ", "មនុស្ស", "ច្បាប់", "រដ្ឋាភិបាល", "អង្គការ",
    "សកម្មជន", "បរិស្ថាន", "ដីធ្លី", "ពលរដ្ឋ", "ឃុំ", "ស្រុក", "ខេត្ត", "ភូមិ", "គ្រួសារ", "មេធាវី",
    "ចៅក្រម", "ពន្ធនាគារ", "ចោទប្រកាន់", "បទល្មើស", "សវនាការ", "សារព័ត៌មាន", "សហជីព", "កម្មករ",
    "រោងចក្រ", "បាតុកម្ម", "ហិង្សា", "របួស", "ស្លាប់", "បុរស", "ស្ត្រី", "កុមារ", "ផ្ទះ", "ផ្លូវ", "ទីក្រុង",
    "ប្រជាជន", "យោធា", "មន្ត្រី", "អាជ្ញាធរ", "សាក្សី", "ឯកសារ", "ព័ត៌មាន", "ការងារ", "សាលា",
    "វត្ត", "ទឹក", "ព្រៃ", "ត្រី", "ស្រែ");
LIST(khmer_names, "សុខ", "ចាន់", "ហេង", "គឹម", "លី", "សំ", "សុភាព", "សុខា", "ដារា", "បុប្ផា",
    "រតនា", "វិចិត្រ", "សំណាង", "ធារី", "គន្ធា", "មករា");
LIST(arabic_names, "محمد", "أحمد", "فاطمة", "خالد", "مريم", "يوسف", "ليلى", "حسن", "علي",
    "سعيد", "نور", "إبراهيم");
LIST(family_names, "Kong", "Kung", "Kem", "Lem", "Chak", "Mam", "Rong", "Long", "Nay",
    "Moeun", "Soeng", "Ny", "Yeng", "Sok", "Chan", "Heng", "Kim", "Ly", "Mean", "Nhem",
    "Oum", "Phan", "Prak", "Ros", "Sam", "Sar", "Seng", "Sin", "Som", "Suon", "Tep",
    "Thach", "Touch", "Ung", "Van", "Vong", "Yem", "Yim", "Yorm", "Al-Hasan", "Nasser",
    "Haddad", "Khoury", "Dubois", "Müller", "García");
LIST(given_names, "Raiya", "Raya", "Sokha", "Sokkha", "Sopheap", "Sophiep", "Chhun",
    "Chhoun", "Kunthea", "Vanda", "Savoeun", "Savoeurn", "Sopheak", "Ratha", "Bopha",
    "Dara", "Kosal", "Makara", "Narin", "Pisey", "Rithy", "Samnang", "Sothea", "Theary",
    "Veasna", "Vichea", "Yusuf", "Maryam", "Leïla", "José");
LIST(province_names, "Banteay Meanchey", "Battambang", "Kampong Cham", "Kampong Chhnang",
    "Kampong Speu", "Kampong Thom", "Kampot", "Kandal", "Koh Kong", "Kratie",
    "Mondulkiri", "Phnom Penh", "Preah Vihear", "Prey Veng", "Pursat", "Ratanakiri",
    "Siem Reap", "Preah Sihanouk", "Stung Treng", "Svay Rieng", "Takeo");
LIST(act_codes, "04:010101000000", "04:010105010000", "04:010106010000",
    "04:030101000000", "04:030102000000", "04:020103000000");
LIST(right_codes, "03:010100000000", "03:010800000000", "03:010900000000",
    "03:011300000000", "03:011400000000", "03:011600000000");
LIST(degree_codes, "18:010100000000", "18:010200000000", "18:010300000000",
    "18:010500000000");
LIST(offender_codes, "24:010102000000", "24:010103000000", "24:010104000000",
    "24:010105000000");
LIST(source_codes, "19:010100000000", "19:010200000000", "19:020101000000",
    "19:020102000000");
LIST(arabic_letters, "ب", "ت", "ج", "ح", "خ", "د", "ر", "ز", "س", "ش", "ص", "ط", "ع", "غ",
    "ف", "ق", "ك", "ل", "م", "ن", "ه", "و");
LIST(latin_syllables, "ba", "be", "bi", "bo", "bu", "da", "de", "di", "do", "du", "ka",
    "ke", "ki", "ko", "ku", "la", "le", "li", "lo", "lu", "ma", "me", "mi", "mo", "mu",
    "na", "ne", "ni", "no", "nu", "pa", "pe", "pi", "po", "pu", "ra", "re", "ri", "ro",
    "ru", "sa", "se", "si", "so", "su", "ta", "te", "ti", "to", "tu", "va", "ve", "vi",
    "vo", "vu", "ya", "ye", "yi", "yo", "yu");
